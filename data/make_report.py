"""The sample annual report of an invented lighthouse trust: prose, tables and two charts."""

from __future__ import annotations

from pathlib import Path

from make_charts import pups_chart, visits_chart
from make_layout import BODY, NAVY, PALE, RED, SERIF_BOLD, WHITE, Flow, mu, save, write, write_block

TRUST = "Tarrow Head Lighthouse Trust"


def cover(flow: Flow) -> None:
    page = flow.page
    page.draw_rect(mu.Rect(0, 0, 595, 250), color=None, fill=NAVY)
    page.draw_rect(mu.Rect(0, 250, 595, 256), color=None, fill=RED)
    write(page, (62, 118), "Annual Report 2024", 36, SERIF_BOLD, WHITE)
    write(page, (62, 152), TRUST, 17, BODY, WHITE)
    write(page, (62, 212), "A year of lamp oil, scaffolding and 30,890 visitors", 12, BODY, PALE)
    flow.y = 300
    flow.title("A word from the chair")
    flow.para(
        "On the evening of 3 October 2024, a hundred and fifty years to the day since the lamp "
        "was first lit, our oldest volunteer, Wilf Penhallow, pressed a brass switch and the great "
        "lens of Tarrow Head began to turn again. Some four hundred people stood on the grass "
        "below in a thin drizzle and nobody left early. It was the best moment of my nine years "
        "as chair."
    )
    flow.para(
        "The relighting was only one part of the year. We welcomed 30,890 visitors, an eighth more "
        "than in 2023 and the most since the trust took over the station in 1991. We repaired the "
        "landing steps, opened the tea room on weekdays and taught over two thousand pupils how a "
        "candle can be seen from a ship."
    )
    flow.para(
        "We also lost a friend. Captain Joss Tremethick, who ran the supply boat for thirty-one "
        "years, died in February. The new boat carries his name."
    )
    flow.para("Morwenna Ashdale, Chair of Trustees, 31 January 2025")
    page.draw_rect(mu.Rect(62, 668, 533, 752), color=None, fill=PALE)
    facts = (("30,890", "visitors in 2024"), ("£521,000", "income"), ("146", "active volunteers"),
             ("984", "members"))  # fmt: skip
    for number, (figure, label) in enumerate(facts):
        x = 62 + 471 * (number + 0.5) / 4
        write(page, (x, 708), figure, 19, SERIF_BOLD, RED, "centre")
        write(page, (x, 730), label, 9.5, BODY, NAVY, "centre")


def station(flow: Flow) -> None:
    flow.new_page()
    flow.title("The station and the trust")
    flow.para(
        "Tarrow Head is a granite tower 31 metres high on the seaward end of a tidal island. A "
        "visitor who wants to see the lamp climbs 142 steps, the last 17 of them on an iron "
        "ladder. The light was built under the engineer Josiah Kelloway between 1871 and 1874, "
        "and three keepers and their families lived at its foot until the light was made "
        "automatic in 1988."
    )
    flow.para(
        "The trust was set up in 1991 by eleven people from the village of Saint Orrin, who bought "
        "the cottages for one pound and spent the next six years mending their roofs. Today it "
        "owns the tower, two cottages, the oil store and the ruined fog signal house, and leases "
        "the foreshore from the harbour board at £350 a year."
    )
    flow.heading("Getting there")
    flow.para(
        "The causeway is dry for about four hours either side of low water. When it is covered, "
        "visitors cross in the Joss Tremethick, a twelve-seat open launch delivered in May 2024. "
        "She made 1,106 crossings in her first season and was kept in harbour by the weather on "
        "23 days. There is no car park on the island: people leave their cars in Saint Orrin and "
        "walk or cycle the last two kilometres, and the bicycle racks by the harbour wall were "
        "doubled to forty spaces in June."
    )
    flow.heading("What we are for")
    flow.bullets(
        (
            "To keep the tower, its lens and its buildings in good repair, and working.",
            "To show people how keepers and their families lived on the rock.",
            "To look after the island's wildlife, above all its seals and its terns.",
            "To do all this without charging local schools more than they can pay.",
        )
    )
    flow.heading("Opening hours")
    flow.para(
        "In 2024 the station was open from 9 March to 17 November, every day but Monday, from "
        "10 in the morning to 5 in the afternoon. The tower closes to climbers when the wind at "
        "the gallery passes 38 knots, which happened on 14 open days."
    )


def visitors(flow: Flow) -> None:
    flow.new_page()
    flow.title("Our visitors")
    flow.para(
        "The figure below shows how the season went. Spring was slow and wet; high summer was the "
        "busiest we have known, helped by a fortnight of still weather and by the boat, which let "
        "people come at any state of the tide. The anniversary kept October livelier than usual."
    )
    flow.figure(visits_chart(), "Figure 1. Visitors in each month of the 2024 season.", 235)
    flow.table(
        "Table 1. Visitors by kind of ticket",
        (
            ("Ticket", "Price in 2024", "2023", "2024", "Change"),
            ("Adult", "£9.50", "13,120", "14,560", "+11.0%"),
            ("Child", "£4.75", "5,310", "6,045", "+13.8%"),
            ("Concession", "£7.50", "4,480", "5,020", "+12.1%"),
            ("School pupil", "£3.00", "1,890", "2,315", "+22.5%"),
            ("Member", "free", "2,650", "2,950", "+11.3%"),
            ("Total", "", "27,450", "30,890", "+12.5%"),
        ),
        (0.28, 0.2, 0.17, 0.17, 0.18),
    )
    flow.para(
        "School visits grew fastest. Sixty-eight classes came, eleven of them from more than fifty "
        "kilometres away, and the harbour board again paid the coach fares of the nine smallest "
        "schools. Of the 1,412 people who filled in our exit card, 94 per cent said that they "
        "would tell a friend to come; the commonest complaint was the queue for the tea room."
    )


def lens(flow: Flow) -> None:
    flow.new_page()
    flow.title("Mending the great lens")
    flow.para(
        "The lens is a first-order rotating optic of 816 prisms in a gunmetal frame. It stands "
        "2.59 metres tall, weighs 3.4 tonnes and once floated on a bath of mercury so that a "
        "keeper could turn it with one finger. The mercury was taken away when the station was "
        "made automatic, and the lens had not moved since."
    )
    flow.para(
        "The repair was led by the glass conservator Hanneke Vos and took 27 months. Her team "
        "found 57 prisms cracked or missing. New ones were cast in borosilicate glass, ground to "
        "the old curves, and marked on a hidden edge with the year so nobody will mistake them "
        "for the first set. The mercury bath was replaced by a sealed roller bearing, driven by "
        "a motor of just 90 watts."
    )
    flow.table(
        "Table 2. Stages of the lens repair",
        (
            ("Stage", "Started", "Finished", "Cost"),
            ("Survey and drawings", "July 2022", "October 2022", "£18,600"),
            ("Taking down the panels", "November 2022", "March 2023", "£41,200"),
            ("Casting new prisms", "April 2023", "February 2024", "£74,350"),
            ("Bearing and motor", "January 2024", "May 2024", "£36,900"),
            ("Rebuilding and trials", "May 2024", "September 2024", "£68,600"),
            ("Total", "", "", "£239,650"),
        ),
        (0.37, 0.21, 0.21, 0.21),
    )
    flow.heading("The new light")
    flow.para(
        "The lamp at the centre is now a 70-watt array in place of the old 1,000-watt filament "
        "bulb. It shows two white flashes every fifteen seconds, as it always did, and is seen "
        "19 nautical miles away. It is no longer an official aid to navigation: the harbour "
        "board's own beacon on the breakwater does that work. The lens turns from dusk until 11 at "
        "night so that the terns are not disturbed."
    )
    flow.heading("A teapot in the works")
    flow.para(
        "While lifting the floor of the lamp room the team found a blue and white teapot, whole "
        "but for its strainer, packed in cotton waste under the third board. The station log says "
        "that Assistant Keeper Amos Birdwood was fined a shilling in 1903 for brewing tea on "
        "watch. The teapot is now on show in the east cottage."
    )


def wildlife(flow: Flow) -> None:
    flow.new_page()
    flow.title("Wildlife on the island")
    flow.para(
        "Each autumn Dr Ines Okafor and a team of fourteen count the grey seal pups on the Shingle "
        "Bar. They go out at first light on six Sundays from late October and count from the "
        "gallery with telescopes, so as not to drive the mothers into the water. The count for "
        "2024 was the highest in the ten years of the survey."
    )
    flow.figure(pups_chart(), "Figure 2. The highest single count of pups in each year.", 235)
    flow.para(
        "Little terns had a poor season. Thirty-three pairs nested but a spring tide on 6 June "
        "washed out most of the first eggs, and only nineteen chicks flew. For 2025 the wardens "
        "will lay four rafts of shingle above the tide line."
    )
    flow.heading("The wood and its fungi")
    flow.para(
        "The windbreak of birch and pine behind the cottages was planted by keepers in the 1890s. "
        "Our first fungus walk, led in October by Bronwen Sculthorpe, listed 48 species in an "
        "afternoon, among them a fine ring of fly agaric by the well. Please look and do not pick."
    )
    flow.heading("Litter from the sea")
    flow.para(
        "Beach cleaners took away 612 kilograms of litter over twelve mornings. More than half by "
        "weight was rope and netting, which a workshop in Saint Orrin now weaves into doormats. "
        "The oldest find was a glass float stamped 1937."
    )


def money(flow: Flow) -> None:
    flow.new_page()
    flow.title("Money")
    flow.para(
        "Income rose by £57,100 to £521,000 and we spent £485,500, leaving £35,500 to add to our "
        "reserves, which stood at £199,700 on 31 December 2024. The trustees like to keep at "
        "least £190,000 in hand, and we have now passed that mark for the first time."
    )
    flow.table(
        "Table 3. Income",
        (
            ("Source", "2023", "2024"),
            ("Admissions", "£186,350", "£211,629"),
            ("Shop and tea room", "£84,120", "£96,480"),
            ("Grants", "£121,500", "£148,000"),
            ("Gifts and legacies", "£49,810", "£41,275"),
            ("Membership", "£22,120", "£23,616"),
            ("Total income", "£463,900", "£521,000"),
        ),
        (0.5, 0.25, 0.25),
    )
    flow.table(
        "Table 4. Spending",
        (
            ("Heading", "2023", "2024"),
            ("Staff", "£187,900", "£198,400"),
            ("Lens repair", "£88,300", "£132,750"),
            ("Care of buildings", "£64,420", "£71,860"),
            ("Power and insurance", "£31,650", "£34,245"),
            ("Collections and displays", "£31,150", "£28,340"),
            ("Boat and transport", "£17,780", "£19,905"),
            ("Total spending", "£421,200", "£485,500"),
        ),
        (0.5, 0.25, 0.25),
    )
    flow.para(
        "The largest grant, £110,000 towards the lens, came from the Orrin Coast Fund. Gifts fell "
        "because 2023 had included a legacy of £15,000 from the late Miss Agnes Rowntree-Bell. The "
        "membership fee has been held at £24 a year since 2019 and the trustees have agreed to "
        "leave it there until at least the spring of 2026."
    )
    flow.para(
        "Our accounts were examined by Pellow and Strand of Market Street, Saint Orrin, who found "
        "nothing that they wished to draw to the attention of members."
    )


def people(flow: Flow) -> None:
    flow.new_page()
    flow.title("People and plans")
    flow.para(
        "The trust employs six people, three of them all the year round. The station manager is "
        "Callum Reyne, who joined us from a canal museum in 2017. Everything else is done by "
        "volunteers: 146 of them gave 11,840 hours in 2024, as tower guides, boat crew, gardeners, "
        "bakers and menders of things. New volunteers spend two days in training and their first "
        "four shifts with an older hand."
    )
    flow.heading("Trustees during the year")
    flow.bullets(
        (
            "Morwenna Ashdale, chair, a retired harbour pilot",
            "Tobias Lindqvist, treasurer",
            "Dr Ines Okafor, wildlife",
            "Bronwen Sculthorpe, learning and schools",
            "Hari Venn, buildings (from 12 April 2024)",
            "Peggy Marrack, who stepped down in April after eighteen years",
        )
    )
    flow.heading("What we will do in 2025")
    flow.bullets(
        (
            "Reopen on Saturday 15 March, a week later than usual, while the landing is repaved.",
            "Hold the sailing regatta on 19 July, with a prize for the best home-made sail.",
            "Welcome a hot-air balloon to the open day on Sunday 24 August, wind allowing.",
            "Begin the fog signal house project, if the appeal reaches £180,000 by midsummer.",
            "Exchange exhibits with our Korean partner since 2022, the hall on Hanui Island.",
        )
    )
    flow.heading("Thank you")
    flow.para(
        "We owe a great deal to the Orrin Coast Fund, the harbour board, the Saint Orrin lifeboat "
        "crew, who stood by on relighting night, and to the baker who sent up four hundred buns."
    )
    page, box = flow.page, mu.Rect(62, flow.y + 4, 533, flow.y + 88)
    page.draw_rect(box, color=NAVY, width=1)
    write(page, (76, box.y0 + 24), TRUST, 11.5, SERIF_BOLD, NAVY)
    write_block(
        page,
        (76, box.y0 + 44),
        "The Old Oil Store, Quay Lane, Saint Orrin. Telephone 01632 960128. "
        "Write to keeper@tarrowhead.example. The office is open on weekdays from 9.30 to 4.",
        440,
        10,
    )


def make_report(out: Path) -> None:
    flow = Flow(f"{TRUST} - Annual Report 2024")
    for section in (cover, station, visitors, lens, wildlife, money, people):
        section(flow)
    flow.footers()
    save(flow.doc, out / "annual-report.pdf", "Tarrow Head Annual Report 2024", TRUST)
