"""Day 1 of the example: accounts, the people in them, and how they use the product.

Some rows are wrong on purpose, each in a way real data is wrong: see `ACCOUNT_FAULTS`,
`_spoil_contacts` and `_spoil_usage`, and the table in the example's README.md.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from words import (
    ASCII,
    COUNTRIES,
    FEATURES,
    FIRST_NAMES,
    INTERESTS,
    LAST_NAMES,
    PLANS,
    PREFIXES,
    REGIONS,
    STAGES,
    SUFFIXES,
    TITLES,
)

T = TypeVar("T")
Row = dict[str, str]

EXPORTED = {1: datetime(2026, 11, 2, 5), 2: datetime(2026, 11, 3, 5)}  # noqa: DTZ001, plain UTC

ACCOUNTS, CONTACTS, USERS = 410, 2530, 1500
WITHOUT_COMPANY, FREE_MAIL_PEOPLE, NOT_IN_CRM = 60, 12, 30

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
    staff = ("dana", "eli", "jo", "sam", "wren")
    owners = tuple(f"{name}@northwind-saas.example" for name in staff)
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
    return [
        new_contact(dice, place, home, taken) for place, home in enumerate(dice.shuffled(homes))
    ]


def new_contact(dice: Dice, place: int, account: Row | None, taken: set[str]) -> Row:
    """The `place`-th person of the CRM; `taken` are the addresses in use, and gets the new one."""
    first, last = dice.pick(FIRST_NAMES), dice.pick(LAST_NAMES)
    seniority = dice.pick(("c_level", "vp", "director", "manager", "manager", "individual"))
    customer = account is not None and account["is_customer"] == "true"
    return {
        "contact_id": f"CON-{place + 1:05d}",
        "account_id": account["account_id"] if account else "",
        "email": new_email(first, last, account["mail"] if account else "inbox.example", taken),
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


def new_email(first: str, last: str, host: str, taken: set[str]) -> str:
    """An address nobody has yet, added to `taken`."""
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
