"""Day 2 of the example: what a company's data does overnight."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from words import PLANS, STAGES, TITLES
from world import (
    ACCOUNT_FAULTS,
    ACCOUNTS,
    CONTACTS,
    EXPORTED,
    NOT_IN_CRM,
    USERS,
    Dice,
    Row,
    World,
    new_contact,
    new_email,
)


def next_day(world: World) -> None:
    """Turn day 1 into day 2: what a company's data does overnight."""
    dice, today = Dice(21), str(EXPORTED[2] - timedelta(hours=3))
    staff: dict[str, list[Row]] = defaultdict(list)
    for row in world.contacts:
        staff[row["account_id"]].append(row)

    def quiet(row: Row) -> bool:
        return row["is_deleted"] == "false" and row["contact_id"] not in world.spoiled

    # One account leaves with everyone in it; five change; two arrive.
    faulty = {world.accounts[place]["account_id"] for place in ACCOUNT_FAULTS}
    calm = [
        account
        for account in world.accounts
        if len(staff[account["account_id"]]) in (3, 4)
        and account["account_id"] not in faulty
        and all(quiet(row) for row in staff[account["account_id"]])
    ]
    leaving, *changing = dice.shuffled(calm)[:6]
    leavers = staff[leaving["account_id"]]
    for account, change in zip(
        changing,
        (
            {"tier": "strategic" if changing[0]["tier"] != "strategic" else "growth"},
            {"annual_revenue": "98765432.10"},
            {"region": "EMEA" if changing[2]["region"] != "EMEA" else "APAC"},
            {"annual_revenue": "7654321.00", "employees": "777"},
            {
                "is_target_account": "false"
                if changing[4]["is_target_account"] == "true"
                else "true"
            },
        ),
        strict=True,
    ):
        account |= change | {"updated_at": today}
    world.accounts.remove(leaving)
    arrivals = [
        dict(changing[0])
        | {
            "account_id": f"ACC-{ACCOUNTS + number:04d}",
            "account_name": f"{name} Systems",
            "website": f"{name.lower()}-systems.example",
            "mail": f"{name.lower()}-systems.example",
            "industry": "software",
            "is_customer": "false",
        }
        for number, name in enumerate(("Foxglade", "Sunderlea"), 1)
    ]
    world.accounts += arrivals

    # Contacts: 60 change in a way a sync sees, 10 only get a new updated_at, 15 leave, 25 arrive.
    kept = {account["account_id"] for account in changing}
    pool = dice.shuffled(
        [
            row
            for row in world.contacts
            if quiet(row)
            and row not in leavers
            and row["job_title"]
            and row["account_id"] not in kept
        ]
    )
    for place, row in enumerate(pool[:70]):
        if place < 28:
            titles = [t for group in TITLES.values() for t in group if t != row["job_title"]]
            row["job_title"] = dice.pick(titles)
        elif place < 32:
            row["job_title"] = ""
        elif place < 44:
            stages = [stage for stage in STAGES if stage != row["lifecycle_stage"]]
            row["lifecycle_stage"] = stages[-1]
        elif place < 54:
            row["last_seen_at"] = str(EXPORTED[2] - timedelta(minutes=60 + place))
        elif place < 60:
            row["phone"] = f"+1 312 555 {100 + place:04d}"
        row["updated_at"] = today
    gone = [*leavers, *pool[70:]][:15]
    world.contacts[:] = [row for row in world.contacts if row not in gone]
    taken = {row["email"] for row in world.contacts} | {row["email"] for row in gone}
    homes = [arrivals[0], arrivals[0], arrivals[1], arrivals[1], *changing * 4, None]
    for number, home in enumerate(homes):
        row = new_contact(dice, CONTACTS + number, home, taken)
        world.contacts.append(row | {"is_deleted": "false", "updated_at": today})

    # Somebody mended two rows: an empty address, and a phone that Qualified had refused.
    spoiled = [row for row in world.contacts if row["contact_id"] in world.spoiled]
    mended = next(row for row in spoiled if not row["email"])
    mended |= {
        "email": new_email(mended["first_name"], mended["last_name"], "inbox.example", taken),
        "updated_at": today,
    }
    refused = next(row for row in spoiled if row["phone"] == "ext. 12")
    refused |= {"phone": "+1 312 555 0112", "updated_at": today}

    # Product usage: 120 people use it differently, 4 stop, 3 come back, 6 sign up.
    users = dice.shuffled([row for row in world.usage if row["user_id"] not in world.spoiled_users])
    active = [row for row in users if row["events_last_30d"] != "0"]
    idle = [row for row in users if row["events_last_30d"] == "0"]
    for place, row in enumerate(active[:120]):
        if place < 80:
            row["events_last_30d"] = str(int(row["events_last_30d"]) + 3 + dice.below(20))
        elif place < 100:
            row["seats_used"] = str(int(row["seats_used"]) + 1)
        elif place < 110:
            row["plan"] = PLANS[(PLANS.index(row["plan"]) + 1) % 4]
        else:
            row["features_used"] = "api|sso|audit_log|webhooks"
        row["last_active_at"] = dice.before(EXPORTED[2], 1)
    for row in active[120:124]:
        row["events_last_30d"] = "0"
    for row in idle[:3]:
        row |= {"events_last_30d": "12", "features_used": "dashboards", "last_active_at": today}
    for number in range(1, 7):
        world.usage.append(
            {
                "user_id": f"USR-{USERS + number:05d}",
                "signup_email": f"trial.user{NOT_IN_CRM + number:02d}@signup.test",
                "plan": "free",
                "seats_used": "1",
                "events_last_30d": str(5 + number),
                "features_used": "dashboards",
                "interests": "",
                "last_active_at": today,
            }
        )
