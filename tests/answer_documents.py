"""Documents that tests ask: invoices, manuals, handbooks, contracts, a form, a paper, slides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pymupdf

LEFT, RIGHT, TOP, BOTTOM = 60.0, 535.0, 60.0, 780.0
Rows = Sequence[Sequence[str]]


class Sheet:
    """Page of a made document, written from top to bottom."""

    def __init__(self, pdf: pymupdf.Document, font: str = "helv") -> None:
        self.page, self.font, self.y = pdf.new_page(), font, TOP

    def at(self, x: float, text: str, size: float = 11, bold: bool = False) -> None:
        """Write one line at `x`, and stay on it."""
        font = "hebo" if bold and self.font == "helv" else self.font
        self.page.insert_text((x, self.y), text, fontsize=size, fontname=font)

    def line(self, text: str, size: float = 11, bold: bool = False, gap: float = 8) -> None:
        self.at(LEFT, text, size, bold)
        self.y += size * 1.25 + gap

    def title(self, text: str) -> None:
        self.line(text, 20, True, 12)

    def head(self, text: str) -> None:
        self.y += 8
        self.line(text, 14, True, 6)

    def text(self, text: str, left: float = LEFT, right: float = RIGHT) -> None:
        """Write a paragraph, wrapped."""
        box = pymupdf.Rect(left, self.y - 11, right, BOTTOM)
        left_over = self.page.insert_textbox(box, text, fontsize=11, fontname=self.font)
        assert left_over >= 0, f"no room for {text[:40]}"
        self.y += box.height - left_over + 6

    def items(self, items: Sequence[str], marks: str = "") -> None:
        """Write a list with bullets, or with numbers where `marks` is "1"."""
        for number, item in enumerate(items, 1):
            self.at(LEFT + 10, f"{number}." if marks else "\u2022")
            self.text(item, LEFT + 26)

    def pairs(self, pairs: Rows, value: float = 220) -> None:
        """Write labels with their values on the right."""
        for label, text in pairs:
            self.at(LEFT, label, bold=True)
            self.at(value, text)
            self.y += 18
        self.y += 6

    def fields(self, *fields: tuple[float, str, str]) -> None:
        """Write labels side by side, each with its value below."""
        for x, label, _ in fields:
            self.at(x, label, 8.5)
        self.y += 15
        for x, _, text in fields:
            self.at(x, text, 12)
        self.y += 26

    def table(self, columns: Sequence[float], rows: Rows) -> None:
        """Write rows of cells; the first names the columns."""
        for number, row in enumerate(rows):
            for x, cell in zip(columns, row, strict=True):
                self.at(x, cell, bold=not number)
            self.y += 18
        self.y += 8

    def foot(self, text: str) -> None:
        self.y = 820
        self.at(LEFT, text, 9)


def invoice(pdf: pymupdf.Document) -> None:
    page = Sheet(pdf)
    page.title("Quayside Print Works")
    page.line("14 Rope Street, Saint Orrin. Tax number GB 418 2207 55")
    page.head("Invoice 2041")
    page.pairs(
        [("Invoice number:", "2041"), ("Invoice date:", "3 March 2025")]
        + [("Due date:", "2 April 2025"), ("Customer:", "Tarrow Head Lighthouse Trust")]
        + [("Order placed by:", "Callum Reyne")]
    )
    page.table(
        (60, 300, 360, 450),
        [
            ("Item", "Qty", "Unit price", "Amount"),
            ("Posters A2, full colour", "40", "3.20", "128.00"),
        ]
        + [
            ("Leaflets, folded", "500", "0.15", "75.00"),
            ("Postcards, set of eight", "25", "0.89", "22.21"),
        ],
    )
    page.pairs(
        [("Subtotal (EUR)", "225.21"), ("Tax 19 %", "42.79"), ("Total (EUR)", "268.00")], value=450
    )
    page.text("Please pay within thirty days by bank transfer. For payments that arrive within ten"
              " days we grant a discount of two per cent.")  # fmt: skip
    page.pairs([("IBAN", "GB33 BUKB 2020 1555 5555 55"), ("Reference", "QPW-2041")])


def invoice_boxed(pdf: pymupdf.Document) -> None:
    page = Sheet(pdf)
    page.title("Invoice")
    page.line("Orrin Boatyard Ltd, Slipway 3, Saint Orrin")
    page.fields(
        (60, "INVOICE NO.", "B-778"), (220, "DATE", "19 May 2025"), (380, "DUE", "19 June 2025")
    )
    page.fields(
        (60, "BILL TO", "Lindqvist Marine"),
        (220, "CONTACT", "Peggy Marrack"),
        (380, "PO NUMBER", "4500-12"),
    )
    page.table(
        (60, 290, 380, 460),
        [("Description", "Hours", "Rate", "Amount"), ("Hull cleaning", "6", "45.00", "270.00")]
        + [
            ("Propeller repair", "11", "62.00", "682.00"),
            ("Antifouling paint", "4", "45.00", "180.00"),
        ],
    )
    page.pairs(
        [("Net amount", "1,132.00"), ("VAT 20 %", "226.40"), ("Amount due", "1,358.40")], value=460
    )
    page.text(
        "Payment is due within one month. Late payments bear interest of eight per cent a year."
    )


def watch_manual(pdf: pymupdf.Document) -> None:
    page = Sheet(pdf)
    page.title("Tidewatch S2 User Guide")
    page.head("Contents")
    for name, number in (("In the box", 2), ("Charging the watch", 2), ("Powering on and off", 3),
                         ("Resetting the watch", 3), ("Care and warranty", 4)):  # fmt: skip
        page.line(f"{name} {'.' * 60} {number}")
    page.text("The Tidewatch S2 shows the tide of your harbour, your heart rate and your messages.")
    page.foot("Tidewatch S2 User Guide   1")
    page = Sheet(pdf)
    page.head("In the box")
    page.text("The package contains the following parts:")
    page.items(
        [
            "Tidewatch S2",
            "Magnetic charging cable",
            "Silicone strap in two lengths",
            "Quick start card",
        ]
    )
    page.head("Charging the watch")
    page.text("Place the watch on the magnetic cable and connect the cable to a USB port. A full"
              " charge takes 75 minutes and lasts five days. Do not charge the watch while it is wet."
              " The watch does not support wireless charging pads.")  # fmt: skip
    page.text("Pictures in this guide may differ from your watch. Accessories for charging are sold"
              " separately in some countries.")  # fmt: skip
    page.head("Technical data")
    page.table((60, 300), [("Property", "Value"), ("Weight", "38 g without strap"), ("Water resistance", "5 ATM"),
                           ("Battery", "310 mAh"), ("Display", "1.3 inch AMOLED"), ("Operating temperature", "-10 to 45 °C")])  # fmt: skip
    page.foot("Tidewatch S2 User Guide   2")
    page = Sheet(pdf)
    page.head("Powering on and off")
    page.text("Hold the crown for three seconds to power on the watch.")
    page.text("To power off the watch:")
    page.items(["Hold the crown and the lower button together for five seconds.",
                "Tap Power off on the display.",
                "Wait until the display is dark before you remove the strap."], "1")  # fmt: skip
    page.head("Resetting the watch")
    page.text("To reset the watch to factory settings:")
    page.items(
        ["Open Settings and choose System.", "Tap Reset.", "Enter your code and confirm."], "1"
    )
    page.text("Resetting deletes all data on the watch. Messages on your phone are kept.")
    page.foot("Tidewatch S2 User Guide   3")
    page = Sheet(pdf)
    page.head("Care and warranty")
    page.text("Clean the watch with a soft, damp cloth. Never use solvents. The warranty lasts two"
              " years from the day of purchase and does not cover scratches or worn straps.")  # fmt: skip
    page.text("For service write to help@tidewatch.example or ring 01632 960700 on weekdays.")
    page.foot("Tidewatch S2 User Guide   4")


def handbook(pdf: pymupdf.Document) -> None:
    page = Sheet(pdf)
    page.title("Student Handbook 2025")
    page.line("Orrin Maritime College")
    page.text("This handbook explains the rules and services of the college for students of all"
              " courses. It was prepared by the Office of Student Affairs.")  # fmt: skip
    page.head("Attendance")
    page.text("Students must attend at least 80 per cent of their classes. A student who misses more"
              " than three classes in a row must see the tutor. Absence because of illness is excused"
              " when a medical certificate is handed in within five days.")  # fmt: skip
    page.head("Examinations")
    page.text("An examination may be repeated twice. Calculators are permitted in examinations unless"
              " the paper says otherwise. Mobile phones are not permitted in the examination hall."
              " Results are published two weeks after the examination.")  # fmt: skip
    page.head("Library")
    page.text("The library is open from 8 am to 10 pm on weekdays and from 10 am to 4 pm on Saturdays."
              " Students may borrow up to twelve books for four weeks. A fine of 20 cents is charged for"
              " each day that a book is late.")  # fmt: skip
    page = Sheet(pdf)
    page.head("Contacts")
    page.table(
        (60, 210, 330, 420),
        [("Office", "Person", "Room", "Telephone"), ("Admissions", "Ada Kerrow", "B 12", "960310")]
        + [
            ("Student housing", "Jonas Pell", "C 3", "960322"),
            ("Financial aid", "Mina Okoro", "B 14", "960318"),
        ]
        + [("International office", "Luc Ferrand", "A 7", "960340")],
    )
    page.head("Housing")
    page.text("Rooms in the student house cost 310 EUR a month. Pets are not allowed in the student"
              " house. Guests may stay for up to three nights after the warden has been told. Bicycles are"
              " kept in the cellar.")  # fmt: skip
    page.head("Deadlines")
    page.table((60, 330), [("Event", "Date"), ("Enrolment for the winter term", "15 September 2025"),
                           ("Applications for scholarships", "31 October 2025"),
                           ("Fees for the summer term", "1 March 2026")])  # fmt: skip
    page.head("Required documents for enrolment")
    page.items(
        [
            "Passport or identity card",
            "School leaving certificate",
            "Proof of health insurance",
            "Two photographs",
        ]
    )


def paper(pdf: pymupdf.Document) -> None:
    page = Sheet(pdf)
    page.title("Reading Tides from Harbour Cameras")
    page.line("Ines Okafor, Tobias Lindqvist and Mei Tanaka")
    page.line("Institute of Coastal Studies, Saint Orrin")
    page.head("Abstract")
    page.text("We present TideNet, a network that estimates the height of the tide from a single image"
              " of a harbour. On 12,400 labelled images from nine harbours it is wrong by 6.1 cm on"
              " average, half the error of earlier methods. Code and data are public.")  # fmt: skip
    page.head("1 Introduction")
    page.text("Tide gauges are costly. A mean absolute error (MAE) below ten centimetres is enough for"
              " small harbours. Still water level (SWL) is the height of the sea without waves. We define"
              " a harbour scene as any picture in which a quay wall meets the water.")  # fmt: skip
    page.text("Our contributions are three. First, a public data set. Second, a model without"
              " calibration. Third, a study of errors at night.")  # fmt: skip
    page = Sheet(pdf)
    page.head("4 Results")
    page.line("Table 1. Mean absolute error by method, in centimetres.")
    page.table(
        (60, 220, 320, 420),
        [
            ("Method", "Day", "Night", "All"),
            ("Quay lines", "11.9", "19.0", "14.2"),
            ("WaveFlow", "9.8", "15.3", "12.2"),
        ]
        + [("TideNet", "5.0", "8.7", "6.1"), ("TideNet without mirror loss", "5.9", "10.2", "7.4")],
    )
    page.line("Figure 2. Errors of TideNet by hour of the day.")
    page.text("The mirror loss compares the picture with its reflection in the water. It was trained for"
              " 40 epochs with the Adam optimizer and a learning rate of 0.0003 on four graphics cards."
              " Errors grow at night because lamps dazzle the camera.")  # fmt: skip
    page.head("5 Limitations")
    page.text("TideNet fails in fog and where the quay wall is hidden by ships. We have not tested it on"
              " open beaches.")  # fmt: skip
    page.head("References")
    page.text("[1] H. Venn. Lines on the quay. Journal of Ports, 2014.")
    page.text("[2] P. Marrack and L. Sato. WaveFlow: waves by optical flow. Proc. Coast, 2019.")


def _lease(
    place: str, tenant: str, rent: str, pay: str, notice: str, deposit: str
) -> Callable[[pymupdf.Document], None]:
    def make(pdf: pymupdf.Document) -> None:
        page = Sheet(pdf)
        page.title(f"Lease of {place}")
        page.text(
            f"between the Saint Orrin Harbour Board (the landlord) and {tenant} (the tenant)."
        )
        page.head("1. Premises")
        page.text(f"The landlord lets {place} to the tenant for the storage of boats and gear.")
        page.head("2. Rent")
        page.text(f"The rent is {rent} a month. {pay}")
        page.head("3. Deposit")
        page.text(f"The tenant pays a deposit of {deposit} before moving in.")
        page.head("4. Termination")
        page.text(f"Either party may end this lease with {notice} notice in writing.")
        page.head("5. Use")
        page.text("The tenant may not sublet the premises. Open fire is forbidden. The tenant insures"
                  " the premises against fire and water.")  # fmt: skip

    return make


def brochure(pdf: pymupdf.Document) -> None:
    page = Sheet(pdf)
    page.title("The new Petrel electric van")
    page.text("Room for five people and all their gear. The Petrel drives 420 km on one charge and"
              " reaches 100 km/h in 9.4 seconds.")  # fmt: skip
    page.head("Safety")
    page.items(["Eight airbags, two of them for the knees of driver and passenger",
                "Emergency brake with detection of cyclists", "Lane keeping up to 160 km/h"])  # fmt: skip
    page.head("Colours")
    page.items(["Chalk white", "Kelp green", "Storm grey"])
    page.head("Charging")
    page.text("At a 150 kW station the battery is charged from 10 to 80 per cent in 28 minutes. The cable"
              " for the home socket is optional.")  # fmt: skip
    page.text("Equipment differs between markets. Ask your dealer for prices.")


def form(pdf: pymupdf.Document) -> None:
    page = Sheet(pdf)
    page.title("Berth application")
    page.fields((60, "Name of applicant", "Elin Tregear"), (300, "Date of birth", "4 August 1971"))
    page.fields((60, "Boat name", "Sandpiper"), (300, "Length over all", "8.40 m"))
    page.fields((60, "Registration number", "SO-3391"), (300, "Engine", "Diesel, 21 kW"))
    page.pairs([("Berth wanted:", "Pontoon C"), ("From:", "1 April 2026"), ("Insurance company:", "Pellow Mutual"),
                ("Emergency contact:", "Jory Tregear, 01632 960871")])  # fmt: skip
    page.text("I have read the harbour rules and accept them.")
    page.pairs([("Signed:", "E. Tregear"), ("Date of signature:", "12 January 2026")])


def survey(pdf: pymupdf.Document) -> None:
    page = Sheet(pdf)
    page.title("How people come to the harbour")
    page.line("Survey of 1,204 visitors, summer 2025. Share of answers in per cent.", 9)
    page.y += 30
    for name, share in (
        ("By bicycle", "34%"),
        ("On foot", "27%"),
        ("By bus", "21%"),
        ("By car", "14%"),
        ("By boat", "4%"),
    ):
        page.at(80, name)
        page.page.draw_rect(
            pymupdf.Rect(170, page.y - 10, 170 + 6 * int(share[:-1]), page.y + 2),
            fill=(0.3, 0.5, 0.8),
        )
        page.at(180 + 6 * int(share[:-1]), share)
        page.y += 34
    page.line("Source: Saint Orrin Harbour Board", 9)
    page = Sheet(pdf)
    page.title("What visitors want")
    page.text("Six in ten visitors ask for more shade on the quay.")
    page.fields(
        (60, "72%", "would come again"),
        (220, "18 min", "mean wait at the ferry"),
        (400, "4.6", "of 5 stars for staff"),
    )


def german_manual(pdf: pymupdf.Document) -> None:
    page = Sheet(pdf)
    page.title("Bedienungsanleitung Kaffeemaschine KM 20")
    page.head("Technische Daten")
    page.pairs([("Leistung:", "1450 Watt"), ("Wassertank:", "1,8 Liter"), ("Gewicht:", "7,2 kg")])
    page.head("Entkalken")
    page.text("Die Maschine muss alle drei Monate entkalkt werden. So entkalken Sie die Maschine:")
    page.items(["Füllen Sie 0,5 Liter Wasser und das Entkalkungsmittel in den Tank.",
                "Drücken Sie die Taste Spülen zwei Sekunden lang.",
                "Spülen Sie den Tank danach mit klarem Wasser aus."], "1")  # fmt: skip
    page.head("Garantie")
    page.text(
        "Die Garantie beträgt zwei Jahre. Schäden durch Kalk sind von der Garantie ausgeschlossen."
    )
    page.text("Der Kundendienst ist unter 01632 960555 erreichbar.")


def korean_contract(pdf: pymupdf.Document) -> None:
    page = Sheet(pdf, "korea")
    page.title("근로계약서")
    page.pairs([("근로자", "김서연"), ("사용자", "하늬섬 등대전시관"), ("계약 기간", "2025년 3월 1일 ~ 2026년 2월 28일"),
                ("근무 장소", "하늬섬 등대전시관 1층 안내소"), ("월급", "2,650,000원"), ("임금 지급일", "매월 25일")])  # fmt: skip
    page.head("근로 시간")
    page.text(
        "근로 시간은 오전 9시부터 오후 6시까지이며 휴게 시간은 한 시간이다. 휴일은 매주 월요일이다."
    )
    page.head("휴가")
    page.text("연차 유급 휴가는 일 년에 15일이다. 휴가는 사흘 전까지 신청하여야 한다.")


DOCUMENTS: dict[str, Callable[[pymupdf.Document], None]] = {
    "quayside-invoice-2041.pdf": invoice,
    "boatyard-invoice.pdf": invoice_boxed,
    "tidewatch-manual.pdf": watch_manual,
    "student-handbook.pdf": handbook,
    "tides-paper.pdf": paper,
    "lease-north-shed.pdf": _lease(
        "the North Shed", "Hari Venn", "420 EUR", "It is paid in advance by the third day of the month.",
        "three months'", "840 EUR"),
    "lease-south-shed.pdf": _lease(
        "the South Shed", "Bronwen Sculthorpe", "365 EUR", "It is paid each quarter within fourteen days of the bill.",
        "six weeks'", "500 EUR"),
    "petrel-brochure.pdf": brochure,
    "berth-form.pdf": form,
    "harbour-survey.pdf": survey,
    "kaffeemaschine.pdf": german_manual,
    "korean-contract.pdf": korean_contract,
}  # fmt: skip


def make_documents(folder: Path) -> list[Path]:
    """Write the documents; their paths."""
    folder.mkdir(exist_ok=True)
    for name, make in DOCUMENTS.items():
        with pymupdf.open() as pdf:
            make(pdf)
            pdf.save(folder / name)
    return [folder / name for name in DOCUMENTS]
