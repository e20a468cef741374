"""Write the seeds of the example: a CRM export and product usage of an invented company's customers.

Deterministic and offline. Every person and company is made up; addresses live on the reserved
domains `.example` and `.test`. Some rows are wrong on purpose, each in a way real data is wrong:
see `ACCOUNT_FAULTS`, `_spoil_contacts` and `_spoil_usage`, and the table in README.md.

    python scripts/make_data.py                        # day 1, into seeds/ (what is committed)
    python scripts/make_data.py --day 2 --into seeds   # the export of the next day
"""

from __future__ import annotations

import argparse
import csv
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
Row = dict[str, str]

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
EXPORTED = {1: datetime(2026, 11, 2, 5), 2: datetime(2026, 11, 3, 5)}  # noqa: DTZ001, plain UTC

ACCOUNTS, CONTACTS, USERS = 410, 2530, 1500
WITHOUT_COMPANY, FREE_MAIL_PEOPLE, NOT_IN_CRM = 60, 12, 30

ACCOUNT_COLUMNS = (
    "account_id account_name website status industry employees annual_revenue tier "
    "is_target_account is_customer region segments owner_email updated_at"
).split()
CONTACT_COLUMNS = (
    "contact_id account_id email first_name last_name job_title phone country seniority "
    "lifecycle_stage last_seen_at is_deleted updated_at"
).split()
USAGE_COLUMNS = (
    "user_id signup_email plan seats_used events_last_30d features_used interests last_active_at"
).split()

FIRST_NAMES = (
    "Ada Aiko Amara Anders Anika Anouk Beatriz Bogdan Caleb Carmen Chidi Clara Dalia Dmitri Elena "
    "Emeka Emma Farid Femke Freya Gabriel Grace Hana Hassan Helena Hugo Imani Ingrid Isaac Ivana "
    "Jamal Jasmin Joao Jonas José Julia Kamil Karin Kenji Kwame Lars Layla Leila Leon Lina Lucía "
    "Magnus Malik Mara Marek Maya Mei Miguel Mina Nadia Naomi Nikhil Nina Noah Noor Olga Omar "
    "Oscar Paula Petra Priya Rafael Ravi Rosa Ruben Samir Sanne Sara Sofia Stefan Tariq Thandi "
    "Tomas Uma Vera Viktor Wanjiru Yara Yusuf Zoë"
).split()
LAST_NAMES = (
    "Abara Adeyemi Ahlgren Alvarez Anand Baptiste Barros Becker Bianchi Bjorn Castellan Chaudhry "
    "Coleman Correia Dahl Danso Deluca Demir Dlamini Dumont Eklund Esposito Farrell Fischer Fonseca "
    "Fujita Galvan Gonzaga Greene Gupta Haddad Halloran Hansen Hoang Ibarra Ito Iwu Jansen Jimenez "
    "Kaminski Kapoor Keller Khoury Kimura Kovac Kruger Larsen Laurent Lindqvist Lombardi Madsen "
    "Mahlaba Marchetti Mbeki Mendez Moreau Morita Nakagawa Navarro Ndiaye Novak O'Brien Okafor "
    "Okonkwo Oliveira Osman Paredes Petrov Quiroga Rahman Ramos Reyes Rinaldi Romero Rossi Sandoval "
    "Santos Sato Schreiber Serrano Sharma Silveira Sorensen Suzuki Takeda Tanaka Teixeira Thorne "
    "Torvik Ueda Umar Varga Vidal Vieira Vogel Wachira Weber Wolff Yamada Yilmaz Zamora Ziegler"
).split()
ASCII = str.maketrans("éíë", "eie", "'")

PREFIXES = (
    "Ashenford Birchmoor Brindlewood Calderwick Cindervale Copperlyn Dappleford Drumlow Elmsworth "
    "Emberly Farrowmoor Fennimore Galewick Glimmerfen Harborlight Hazelmere Inkwell Ironquay "
    "Junipera Kestrelby Kilnrow Larkhollow Lowmarsh Marrowick Mistral Nettlebay Northmere Oakhelm "
    "Ostrafell Pebblewick Pinecroft Quarrystone Quillmere Rookhaven Rushmeadow Saltgrove "
    "Silverfen Thistledown Thornbeck Umberfield Velmora Wexcombe Willowquay Yarrowgate Zephyrine"
).split()
SUFFIXES = (
    ("Systems", "software"),
    ("Labs", "software"),
    ("Capital", "financial_services"),
    ("Ledger", "financial_services"),
    ("Health", "healthcare"),
    ("Robotics", "manufacturing"),
    ("Components", "manufacturing"),
    ("Outfitters", "retail"),
    ("Market", "retail"),
    ("Learning", "education"),
)
TITLES = {
    "c_level": ("Chief Executive Officer", "Chief Technology Officer", "Chief Revenue Officer"),
    "vp": ("VP, Sales", "VP of Engineering", "VP, Customer Success"),
    "director": ("Director of Operations", "Director, Data", 'Director ("Growth")'),
    "manager": ("Marketing Manager", "Analytics Manager", "IT Manager"),
    "individual": ("Data Analyst", "Software Engineer", "Account Executive", "R&D Engineer"),
}
STAGES = ("subscriber", "lead", "mql", "sql", "customer")
COUNTRIES = (
    "United States",
    "Canada",
    "Germany",
    "Netherlands",
    "Brazil",
    "Japan",
    "Kenya",
    "Côte d'Ivoire",
)
REGIONS = ("North America", "EMEA", "LATAM", "APAC")
PLANS = ("free", "team", "business", "enterprise")
FEATURES = ("dashboards", "alerts", "api", "sso", "audit_log", "exports", "webhooks")
INTERESTS = ("analytics", "automation", "security", "integrations")

# Accounts whose row differs from what the generator makes; `mail` is where their people get mail.
ACCOUNT_FAULTS: dict[int, Row] = {
    # Domains as people paste them. All of them name a company once they are folded.
    3: {"account_name": "Acme Widgets", "website": "https://www.acme-widgets.example/about"},
    21: {"account_name": "Kettleby Labs", "website": "http://kettleby-labs.example:8080"},
    52: {"account_name": "Orrinfield Health", "website": "WWW.Orrinfield-Health.Example"},
    77: {"account_name": "Tamsin Market", "website": "tamsin-market.example."},
    101: {"account_name": "Vantor Systems", "website": " vantor-systems.example "},
    # One company entered twice; the second entry counts its employees differently.
    118: {
        "account_name": "Bramblegate Robotics",
        "website": "bramblegate-robotics.example",
        "industry": "manufacturing",
        "employees": "340",
    },
    119: {
        "account_name": "Bramblegate Robotics Inc.",
        "website": "https://www.Bramblegate-Robotics.example/",
        "mail": "bramblegate-robotics.example",
        "industry": "manufacturing",
        "employees": "355",
    },
    # No domain, no usable domain.
    140: {"website": ""},
    166: {"website": ""},
    180: {"website": "not available"},
    201: {
        "account_name": "Größenwerk Components",
        "website": "größenwerk-components.example",
        "mail": "groessenwerk-components.example",
    },
    # The CRM made a company of a free-mail provider.
    222: {"account_name": "Gmail", "website": "gmail.com", "mail": "mailbox.example"},
    # Values that are almost right.
    260: {"employees": "1,200"},
    281: {"industry": "Healthcare"},
    303: {"tier": "Strategic"},
}
FREE_MAIL_ACCOUNT = 222


class Dice:
    """Choices made from `random()` alone, the one sequence Python promises never to change."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def below(self, bound: int) -> int:
        return int(self._random.random() * bound)

    def pick(self, values: Sequence[T]) -> T:
        return values[self.below(len(values))]

    def shuffled(self, values: Sequence[T]) -> list[T]:
        keyed = [(self._random.random(), place) for place in range(len(values))]
        return [values[place] for _, place in sorted(keyed)]

    def some(self, values: tuple[str, ...]) -> str:
        """One to three of the values, as the product exports them: `a|b`."""
        chosen = self.shuffled(values)[: 1 + self.below(3)]
        return "|".join(value for value in values if value in chosen)

    def before(self, moment: datetime, days: int) -> str:
        return str(moment - timedelta(minutes=1 + self.below(days * 24 * 60)))

    def phone(self) -> str:
        return f"+1 {201 + self.below(700)} 555 {100 + self.below(100):04d}"


class World:
    """The three exports of one day, and what the next day needs to know of how they came about."""

    def __init__(self) -> None:
        self.accounts = _accounts(Dice(11))
        self.contacts = _contacts(Dice(12), self.accounts)
        self.spoiled = _spoil_contacts(self.contacts)
        self.usage = _usage(Dice(13), self.contacts, self.spoiled)
        self.spoiled_users = _spoil_usage(self.usage)


def _accounts(dice: Dice) -> list[Row]:
    names = [(f"{prefix} {suffix}", kind) for prefix in PREFIXES for suffix, kind in SUFFIXES]
    owners = tuple(f"{name}@northwind-saas.example" for name in ("dana", "eli", "jo", "sam", "wren"))
    rows = []
    for place, (name, industry) in enumerate(dice.shuffled(names)[:ACCOUNTS]):
        size = dice.pick((20, 60, 150, 400, 900, 2500)) + dice.below(15)
        tier = "strategic" if size > 2000 else "growth" if size > 300 else "standard"
        segment = "enterprise" if size > 2000 else "mid_market" if size > 100 else "small_business"
        top_level = "test" if place % 10 == 9 else "example"
        row = {
            "account_id": f"ACC-{place + 1:04d}",
            "account_name": name,
            "website": f"{name.lower().replace(' ', '-')}.{top_level}",
            "status": "merged" if place % 41 == 40 else "active",
            "industry": industry,
            "employees": str(size),
            "annual_revenue": f"{size * (9_000_000 + dice.below(6_000_000)) / 100:.2f}",
            "tier": tier,
            "is_target_account": "true" if dice.chance(0.3) else "false",
            "is_customer": "true" if dice.chance(0.25) else "false",
            "region": dice.pick(REGIONS),
            "segments": segment,
            "owner_email": dice.pick(owners) if dice.chance(0.9) else "",
            "updated_at": dice.before(EXPORTED[1], 90),
        }
        fault = ACCOUNT_FAULTS.get(place, {})
        row["mail"] = row["website"]
        row |= fault
        if "mail" not in fault and "account_name" in fault:
            row["mail"] = f"{row['account_name'].lower().replace(' ', '-')}.example"
        rows.append(row)
    return rows


def _has_people(place: int, account: Row) -> bool:
    return account["status"] == "active" and (place % 16 != 15 or place in ACCOUNT_FAULTS)


def _contacts(dice: Dice, accounts: list[Row]) -> list[Row]:
    peopled = [account for place, account in enumerate(accounts) if _has_people(place, account)]
    ordinary = [account for account in peopled if account is not accounts[FREE_MAIL_ACCOUNT]]
    homes: list[Row | None] = [None] * WITHOUT_COMPANY
    homes += [accounts[FREE_MAIL_ACCOUNT]] * FREE_MAIL_PEOPLE
    homes += ordinary * 3
    homes += [dice.pick(ordinary) for _ in range(CONTACTS - len(homes))]
    taken: set[str] = set()
    return [_contact(dice, place, home, taken) for place, home in enumerate(dice.shuffled(homes))]


def _contact(dice: Dice, place: int, account: Row | None, taken: set[str]) -> Row:
    first, last = dice.pick(FIRST_NAMES), dice.pick(LAST_NAMES)
    seniority = dice.pick(("c_level", "vp", "director", "manager", "manager", "individual"))
    customer = account is not None and account["is_customer"] == "true"
    return {
        "contact_id": f"CON-{place + 1:05d}",
        "account_id": account["account_id"] if account else "",
        "email": _email(first, last, account["mail"] if account else "inbox.example", taken),
        "first_name": first,
        "last_name": last,
        "job_title": "" if dice.chance(0.05) else dice.pick(TITLES[seniority]),
        "phone": "" if dice.chance(0.2) else dice.phone(),
        "country": dice.pick(COUNTRIES),
        "seniority": seniority,
        "lifecycle_stage": "customer" if customer else dice.pick(STAGES[:4]),
        "last_seen_at": "" if dice.chance(0.3) else dice.before(EXPORTED[1], 60),
        "is_deleted": "true" if place % 84 == 83 else "false",
        "updated_at": dice.before(EXPORTED[1], 90),
    }


def _email(first: str, last: str, host: str, taken: set[str]) -> str:
    local = f"{first}.{last}".translate(ASCII).lower()
    host = host if "." in host and " " not in host else "inbox.example"
    email, number = f"{local}@{host}", 1
    while email in taken:
        number += 1
        email = f"{local}{number}@{host}"
    taken.add(email)
    return email


def _spoil_contacts(contacts: list[Row]) -> set[str]:
    """Put the faults of real people's rows in; one fault a row. Returns the ids touched."""
    rows = iter([row for row in contacts[100::37] if row["is_deleted"] == "false"])
    touched: list[Row] = []

    def next_row() -> Row:
        touched.append(next(rows))
        return touched[-1]

    for _ in range(6):
        next_row()["email"] = ""
    for spoil in (
        lambda email: email.replace("@", "(at)"),
        lambda email: email.replace("@", "@@"),
        lambda email: email.replace(".", " ", 1),
        lambda email: email[email.index("@") :],
    ):
        row = next_row()
        row["email"] = spoil(row["email"])
    for respell in (str.title, str.upper, lambda e: f" {e}", lambda e: f"{e}  ", str.capitalize):
        original, copy = next_row(), next_row()
        copy |= {key: original[key] for key in ("account_id", "first_name", "last_name")}
        copy["email"] = respell(original["email"])
    for first, last in (("Jürgen", "Weiß"), ("Zoë", "Lindqvist")):
        row = next_row()
        host = row["email"].partition("@")[2]
        row |= {"first_name": first, "last_name": last}
        row["email"] = f"{first}.{last}@{host}".lower()
    for seniority in ("Director", "VP", "Manager"):
        next_row()["seniority"] = seniority
    next_row()["lifecycle_stage"] = "MQL"
    for phone in ("ext. 12", "555-01", "n/a"):
        next_row()["phone"] = phone
    return {row["contact_id"] for row in touched}


def _usage(dice: Dice, contacts: list[Row], spoiled: set[str]) -> list[Row]:
    people = [
        row
        for row in contacts
        if row["is_deleted"] == "false" and row["contact_id"] not in spoiled and row["account_id"]
    ]
    emails = [row["email"] for row in dice.shuffled(people)[: USERS - NOT_IN_CRM]]
    emails = [email.title() if dice.chance(0.03) else email for email in emails]
    emails += [f"trial.user{number:02d}@signup.test" for number in range(1, NOT_IN_CRM + 1)]
    rows = []
    for place, email in enumerate(dice.shuffled(emails)):
        plan = dice.pick(("free", "free", "team", "team", "business", "enterprise"))
        idle = place % 19 == 18
        rows.append(
            {
                "user_id": f"USR-{place + 1:05d}",
                "signup_email": email,
                "plan": plan,
                "seats_used": str(1 + dice.below(4 ** (1 + PLANS.index(plan)))),
                "events_last_30d": "0" if idle else str(1 + dice.below(220)),
                "features_used": "" if idle else dice.some(FEATURES),
                "interests": "" if dice.chance(0.4) else dice.some(INTERESTS),
                "last_active_at": dice.before(EXPORTED[1], 90 if idle else 30),
            }
        )
    return rows


def _spoil_usage(usage: list[Row]) -> set[str]:
    rows = iter([row for row in usage[50::29] if row["events_last_30d"] != "0"])
    touched = [next(rows) for _ in range(7)]
    touched[0]["signup_email"] = ""
    touched[1]["signup_email"] = touched[1]["signup_email"].replace("@", " at ")
    touched[3]["signup_email"] = touched[2]["signup_email"].upper()
    touched[4]["plan"] = "Enterprise"
    touched[5]["plan"] = "TEAM"
    touched[6]["interests"] = "analytics|Security"
    return {row["user_id"] for row in touched}


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
            {"is_target_account": "false" if changing[4]["is_target_account"] == "true" else "true"},
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
            if quiet(row) and row not in leavers and row["job_title"] and row["account_id"] not in kept
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
        row = _contact(dice, CONTACTS + number, home, taken)
        world.contacts.append(row | {"is_deleted": "false", "updated_at": today})

    # Somebody mended two rows: an empty address, and a phone that Qualified had refused.
    spoiled = [row for row in world.contacts if row["contact_id"] in world.spoiled]
    mended = next(row for row in spoiled if not row["email"])
    mended |= {
        "email": _email(mended["first_name"], mended["last_name"], "inbox.example", taken),
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


def write(folder: Path, name: str, columns: list[str], rows: list[Row]) -> None:
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the seeds of the example project.")
    parser.add_argument("--day", type=int, choices=(1, 2), default=1)
    parser.add_argument("--into", type=Path, default=SEEDS, help="the seeds folder to write to")
    options = parser.parse_args()
    world = World()
    if options.day == 2:
        next_day(world)
    write(options.into, "crm_accounts.csv", ACCOUNT_COLUMNS, world.accounts)
    write(options.into, "crm_contacts.csv", CONTACT_COLUMNS, world.contacts)
    write(options.into, "product_usage.csv", USAGE_COLUMNS, world.usage)


if __name__ == "__main__":
    main()
