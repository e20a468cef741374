"""The words the example's people and companies are made of. All of them are invented."""

# ruff: noqa: SIM905 - words in running text are easier to read and to add to than a list of literals

from __future__ import annotations

FIRST_NAMES = (
    "Ada Aiko Amara Anders Anika Anouk Beatriz Bogdan Caleb Carmen Chidi Clara Dalia Dmitri "
    "Elena Emeka Emma Farid Femke Freya Gabriel Grace Hana Hassan Helena Hugo Imani Ingrid "
    "Isaac Ivana Jamal Jasmin Joao Jonas José Julia Kamil Karin Kenji Kwame Lars Layla Leila "
    "Leon Lina Lucía Magnus Malik Mara Marek Maya Mei Miguel Mina Nadia Naomi Nikhil Nina "
    "Noah Noor Olga Omar Oscar Paula Petra Priya Rafael Ravi Rosa Ruben Samir Sanne Sara "
    "Sofia Stefan Tariq Thandi Tomas Uma Vera Viktor Wanjiru Yara Yusuf Zoë"
).split()
LAST_NAMES = (
    "Abara Adeyemi Ahlgren Alvarez Anand Baptiste Barros Becker Bianchi Bjorn Castellan "
    "Chaudhry Coleman Correia Dahl Danso Deluca Demir Dlamini Dumont Eklund Esposito Farrell "
    "Fischer Fonseca Fujita Galvan Gonzaga Greene Gupta Haddad Halloran Hansen Hoang Ibarra "
    "Ito Iwu Jansen Jimenez Kaminski Kapoor Keller Khoury Kimura Kovac Kruger Larsen Laurent "
    "Lindqvist Lombardi Madsen Mahlaba Marchetti Mbeki Mendez Moreau Morita Nakagawa Navarro "
    "Ndiaye Novak O'Brien Okafor Okonkwo Oliveira Osman Paredes Petrov Quiroga Rahman Ramos "
    "Reyes Rinaldi Romero Rossi Sandoval Santos Sato Schreiber Serrano Sharma Silveira "
    "Sorensen Suzuki Takeda Tanaka Teixeira Thorne Torvik Ueda Umar Varga Vidal Vieira Vogel "
    "Wachira Weber Wolff Yamada Yilmaz Zamora Ziegler"
).split()
ASCII = str.maketrans("éíë", "eie", "'")
"""Letters of names as they are written in addresses."""

PREFIXES = (
    "Ashenford Birchmoor Brindlewood Calderwick Cindervale Copperlyn Dappleford Drumlow "
    "Elmsworth Emberly Farrowmoor Fennimore Galewick Glimmerfen Harborlight Hazelmere Inkwell "
    "Ironquay Junipera Kestrelby Kilnrow Larkhollow Lowmarsh Marrowick Mistral Nettlebay "
    "Northmere Oakhelm Ostrafell Pebblewick Pinecroft Quarrystone Quillmere Rookhaven "
    "Rushmeadow Saltgrove Silverfen Thistledown Thornbeck Umberfield Velmora Wexcombe "
    "Willowquay Yarrowgate Zephyrine"
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
