"""Who and what appears in the demo teams."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

PASSWORD = "deal to invoice"  # noqa: S105 - printed on every start of the demo


@dataclass(frozen=True)
class Colleague:
    """A teammate of a demo team."""

    name: str
    email: str
    role: str


@dataclass(frozen=True)
class Company:
    """A customer, with the people one talks to: (first name, last name, job title)."""

    name: str
    legal_name: str
    domain: str
    street: str
    postal_code: str
    city: str
    country: str
    tax_id: str
    people: tuple[tuple[str, str, str], ...]
    terms_days: int | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """Something a demo team sells."""

    code: str
    name: str
    description: str
    unit_price: Decimal
    unit: str = ""
    frequency: str | None = None
    term_months: int | None = None


NORDLICHT_TEAM = (
    Colleague("Hanna Petersen", "hanna@nordlicht.example", "owner"),
    Colleague("Jonas Feddersen", "jonas@nordlicht.example", "owner"),
    Colleague("Amira Haddad", "amira@nordlicht.example", "admin"),
    Colleague("Paul Wójcik", "paul@nordlicht.example", "admin"),
    Colleague("Lena Brandt", "lena@nordlicht.example", "manager"),
    Colleague("Tom Asmussen", "tom@nordlicht.example", "manager"),
    Colleague("Sofía Navarro", "sofia@nordlicht.example", "rep"),
    Colleague("Emre Yıldız", "emre@nordlicht.example", "rep"),
)

OPERATOR = Colleague("Ona Perator", "operator@cornerspot.example", "operator")

PRAIRIE_TEAM = (
    Colleague("Dana Whitfield", "dana@prairie.example", "owner"),
    Colleague("Marcus Reed", "marcus@prairie.example", "rep"),
)

NORDLICHT_CUSTOMERS = (
    Company("Alster Logistik", "Alster Logistik GmbH", "alster-logistik.example", "Am Sandtorkai 37", "20457",
            "Hamburg", "DE", "DE811569869", (("Anna", "Reimers", "Head of Operations"),
            ("Karsten", "Vogt", "Accounts payable")), 14, ("logistics", "key account")),
    Company("Bäckerei Südlohn", "Bäckerei Südlohn KG", "baeckerei-suedlohn.example", "Marktstraße 4", "48143",
            "Münster", "DE", "DE129274202", (("Gisela", "Südlohn", "Managing director"),), None, ("retail",)),
    Company("Café Œuvre", "Café Œuvre SARL", "cafe-oeuvre.example", "12 rue de Buci", "75006", "Paris", "FR",
            "FR40303265045", (("Chloé", "Lefèvre", "Owner"), ("Mathieu", "Roux", "Office manager")), None,
            ("hospitality",)),
    Company("Delta Maritime", "Delta Maritime B.V.", "delta-maritime.example", "Wilhelminakade 909", "3072 AP",
            "Rotterdam", "NL", "NL004495445B01", (("Sanne", "de Vries", "Marketing lead"),
            ("Pieter", "Bakker", "Finance")), 30, ("maritime", "key account")),
    Company("Elbtal Maschinenbau", "Elbtal Maschinenbau AG", "elbtal.example", "Industriestraße 18", "01129",
            "Dresden", "DE", "DE136695976", (("Dr. Uwe", "Kretzschmar", "CTO"), ("Birgit", "Lohse", "Purchasing")),
            45, ("manufacturing",)),
    Company("Fjord & Fell", "Fjord & Fell AS", "fjordogfell.example", "Storgata 22", "0184", "Oslo", "NO",
            "NO974760673MVA", (("Ingrid", "Sørensen", "Brand manager"),), None, ("outdoor",)),
    Company("Galería Montes", "Galería Montes S.L.", "galeriamontes.example", "Calle de Serrano 41", "28001",
            "Madrid", "ES", "ESB58378431", (("Javier", "Montes", "Director"),), None, ("culture",)),
    Company("Hanse Pharma", "Hanse Pharma GmbH & Co. KG", "hanse-pharma.example", "Lübecker Straße 128", "22087",
            "Hamburg", "DE", "DE114103379", (("Claudia", "Wiese", "Communications"),
            ("Sven", "Thode", "Accounts payable"), ("Mareike", "Jansen", "Legal")), 30, ("pharma", "key account")),
    Company("Isar Energie", "Isar Energie eG", "isar-energie.example", "Sonnenstraße 9", "80331", "München", "DE",
            "DE129415943", (("Vitus", "Huber", "Chairman"),), None, ("energy",)),
    Company("Juniper Books", "Juniper Books Ltd", "juniperbooks.example", "5 Broughton Street", "EH1 3RJ",
            "Edinburgh", "GB", "GB999999973", (("Fiona", "MacLeod", "Publisher"),), None, ("publishing",)),
    Company("Kaiserstuhl Weine", "Kaiserstuhl Weine GbR", "kaiserstuhl-weine.example", "Winzerweg 3", "79235",
            "Vogtsburg", "DE", "", (("Elisabeth", "Schätzle", "Winemaker"),), 14, ("food",)),
    Company("Lindqvist Arkitekter", "Lindqvist Arkitekter AB", "lindqvist.example", "Götgatan 15", "116 46",
            "Stockholm", "SE", "SE556188840401", (("Maja", "Lindqvist", "Partner"),
            ("Oskar", "Nyström", "Studio manager")), None, ("architecture",)),
    Company("Moravia Glass", "Moravia Glass s.r.o.", "moraviaglass.example", "Husova 12", "602 00", "Brno", "CZ",
            "CZ25123891", (("Tereza", "Dvořáková", "Export manager"),), 30, ("manufacturing",)),
    Company("Nuova Officina", "Nuova Officina S.p.A.", "nuovaofficina.example", "Via Tortona 31", "20144", "Milano",
            "IT", "IT00743110157", (("Giulia", "Ferrari", "Design director"), ("Luca", "Bianchi", "Administration")),
            60, ("design",)),
    Company("Oberhafen Kantine", "Oberhafen Kantine GmbH", "oberhafen.example", "Stockmeyerstraße 39", "20457",
            "Hamburg", "DE", "", (("Tim", "Oltmann", "Host"),), 0, ("hospitality",)),
    Company("Praxis am Deich", "Praxis am Deich", "praxis-am-deich.example", "Deichstraße 11", "25813", "Husum",
            "DE", "", (("Dr. Wiebke", "Carstensen", "Physician"),), 14, ("health",)),
    Company("Quartier Nord", "Quartier Nord Immobilien GmbH", "quartier-nord.example", "Langenhorner Chaussee 44",
            "22335", "Hamburg", "DE", "DE118509725", (("Nils", "Harms", "Project developer"),
            ("Petra", "Lüders", "Bookkeeping")), 30, ("property",)),
    Company("Rødovre Cykler", "Rødovre Cykler ApS", "rodovrecykler.example", "Roskildevej 267", "2610", "Rødovre",
            "DK", "DK13585628", (("Søren", "Østergaard", "Owner"),), None, ("retail",)),
    Company("Studio Łąka", "Studio Łąka Sp. z o.o.", "studiolaka.example", "ul. Próżna 8", "00-107", "Warszawa",
            "PL", "PL5260250274", (("Zofia", "Kamińska", "Creative director"),), None, ("design",)),
    Company("Tallinn Software", "Tallinn Software OÜ", "tallinnsoftware.example", "Telliskivi 60a", "10412",
            "Tallinn", "EE", "EE100931558", (("Kristjan", "Tamm", "CEO"), ("Liis", "Kask", "Finance")), 15,
            ("software",)),
)  # fmt: skip

PRAIRIE_CUSTOMERS = (
    Company("Blue Heron Café", "Blue Heron Café LLC", "blueheron.example", "214 N Clark St", "60601", "Chicago",
            "US", "", (("Rosa", "Delgado", "Owner"),)),
    Company("Lakeview Hotels", "Lakeview Hotels Inc.", "lakeviewhotels.example", "3170 N Sheridan Rd", "60657",
            "Chicago", "US", "", (("Grant", "Sullivan", "Purchasing"), ("Mei", "Chen", "Food and beverage"))),
    Company("Madison Coworking", "Madison Coworking Co.", "madisoncowork.example", "30 W Mifflin St", "53703",
            "Madison", "US", "", (("Priya", "Raman", "Community manager"),)),
    Company("Old Mill Bakery", "Old Mill Bakery", "oldmill.example", "88 Water St", "53202", "Milwaukee", "US", "",
            (("Walt", "Jensen", "Baker"),)),
    Company("Riverside Clinic", "Riverside Clinic PC", "riversideclinic.example", "1200 Riverside Ave", "55454",
            "Minneapolis", "US", "", (("Angela", "Brooks", "Office manager"),)),
    Company("Union Depot Market", "Union Depot Market LLC", "uniondepot.example", "214 4th St E", "55101",
            "Saint Paul", "US", "", (("Noah", "Olson", "Buyer"),)),
)  # fmt: skip

NORDLICHT_OFFERS = (
    Offer("STRAT-D", "Strategy day", "Workshop, preparation and written results", Decimal("1480"), "day"),
    Offer("DES-D", "Design day", "Senior designer", Decimal("980"), "day"),
    Offer("DEV-D", "Development day", "Senior engineer", Decimal("1120"), "day"),
    Offer("PHOTO", "Photo production", "One day on location with two people", Decimal("2350"), "day"),
    Offer("COPY-H", "Copywriting", "German, English or French", Decimal("95"), "hour"),
    Offer("FONT", "Typeface licence", "Web and print, up to 50 workplaces", Decimal("1290"), "licence"),
    Offer("PRINT", "Print supervision", "At the printer's, travel included", Decimal("640"), "piece"),
    Offer("TRAVEL", "Travel by rail", "Per kilometre", Decimal("0.38"), "km"),
    Offer("CARE", "Website care", "Updates, backups, an hour of changes", Decimal("240"), "month", "monthly", 12),
)

PRAIRIE_OFFERS = (
    Offer("BEANS-5", "House blend, 5 lb", "Whole bean", Decimal("62.50"), "bag"),
    Offer("DECAF-5", "Decaf, 5 lb", "Swiss water process", Decimal("68"), "bag"),
    Offer("GRIND", "Grinder rental", "Serviced twice a year", Decimal("45"), "month", "monthly", 12),
    Offer("TRAIN", "Barista training", "Half a day at your counter", Decimal("390"), "session"),
)

DEAL_NAMES = (
    "Brand relaunch", "New website", "Annual report", "Trade fair stand", "Product film", "Packaging redesign",
    "Shop system", "Wayfinding", "Campaign spring", "Campaign autumn", "Photo library", "Intranet refresh",
    "Recruiting pages", "Sustainability report", "Corporate typeface", "Customer magazine",
)  # fmt: skip

LOST_REASONS = (
    "Budget moved to next year",
    "Chose a studio in their own city",
    "Project stopped by the board",
    "Our price was too high",
)
SOURCES = ("Recommendation", "Website", "Trade fair", "Existing customer", "Cold call")
# What a deal of that name is made of: (offer, least, most).
RECIPES: dict[str, tuple[tuple[str, int, int], ...]] = {
    "Brand relaunch": (("STRAT-D", 2, 4), ("DES-D", 6, 12), ("FONT", 1, 1)),
    "New website": (("STRAT-D", 1, 2), ("DES-D", 5, 9), ("DEV-D", 8, 14), ("COPY-H", 12, 30), ("CARE", 1, 1)),
    "Annual report": (("DES-D", 5, 9), ("COPY-H", 20, 45), ("PRINT", 1, 2)),
    "Trade fair stand": (("DES-D", 3, 6), ("PRINT", 1, 3), ("TRAVEL", 280, 760)),
    "Product film": (("STRAT-D", 1, 1), ("PHOTO", 2, 4), ("TRAVEL", 180, 900)),
    "Packaging redesign": (("DES-D", 4, 8), ("PRINT", 1, 2)),
    "Shop system": (("STRAT-D", 1, 3), ("DEV-D", 12, 22), ("CARE", 1, 1)),
    "Wayfinding": (("STRAT-D", 1, 1), ("DES-D", 4, 7), ("TRAVEL", 60, 240)),
    "Campaign spring": (("STRAT-D", 1, 2), ("PHOTO", 1, 2), ("COPY-H", 8, 20)),
    "Campaign autumn": (("STRAT-D", 1, 2), ("PHOTO", 1, 3), ("COPY-H", 8, 24)),
    "Photo library": (("PHOTO", 2, 5), ("TRAVEL", 120, 480)),
    "Intranet refresh": (("DES-D", 3, 5), ("DEV-D", 6, 12), ("CARE", 1, 1)),
    "Recruiting pages": (("DES-D", 2, 4), ("DEV-D", 3, 6), ("COPY-H", 6, 14)),
    "Sustainability report": (("DES-D", 4, 8), ("COPY-H", 16, 32), ("PRINT", 1, 1)),
    "Corporate typeface": (("DES-D", 3, 6), ("FONT", 2, 5)),
    "Customer magazine": (("DES-D", 4, 7), ("COPY-H", 18, 36), ("PHOTO", 1, 1), ("PRINT", 1, 1)),
    "Weekly beans": (("BEANS-5", 12, 40), ("DECAF-5", 2, 8)),
    "Lobby coffee bar": (("BEANS-5", 20, 60), ("TRAIN", 1, 3), ("GRIND", 1, 1)),
    "Office coffee": (("BEANS-5", 6, 18), ("GRIND", 1, 1)),
    "Holiday blend": (("BEANS-5", 10, 30),),
    "Barista training": (("TRAIN", 1, 4),),
    "Wholesale 2027": (("BEANS-5", 120, 320), ("DECAF-5", 20, 60)),
}
DEAL_NOTES = (
    "Met at their office. They want to decide before the holidays.",
    "Asked for two references from the same trade; sent both.",
    "Budget is approved, the board only wants to see the schedule.",
    "Prefers one fixed price over days. Explained how we estimate.",
    "Their last studio delivered late: deadlines matter more than price.",
    "Called back: proposal is with purchasing now.",
)
INVOICE_NOTES = (
    "Accounts payable confirmed that it is in the next payment run.",
    "They asked for the purchase order number on the next one.",
    "Sent the PDF again, the first one went to somebody who left.",
    "Called: their approver is on holiday until Monday.",
)

# Two people of customers who sign in to the portal; the second one may look at two companies.
MEMBERS = (
    ("Anna Reimers", "anna.reimers@alster-logistik.example"),
    ("Birgit Lohse", "birgit.lohse@elbtal.example"),
)
