"""Program-made titles: defaults of office programs, TeX templates and scanners."""

from __future__ import annotations

import re

_NUMBER = r"[ _-]?\(?\d*\)?"
_UNTITLED = (
    "(?:document[oe]?s? |dokument )?(?:untitled|no title|without title|unbenannt|ohne titel"
    "|sans[- ]titre|sin t[ií]tulo|senza titolo|sem t[ií]tulo|naamloos|namnl[öo]s|uten navn"
    "|ikke navngivet|bez tytułu|bez názvu|névtelen|nimetön|fără titlu|başlıksız|adsız"
    "|без названия|без назви|безымянный|χωρίς τίτλο|không có tiêu đề|ไม่มีชื่อ(?:เรื่อง)?"
    "|無題|无标题|無標題|未命名|제목 ?없음|بدون عنوان|ללא (?:שם|כותרת)|शीर्षकहीन|अनामांकित)"
)
_TEMPLATES = (
    "blank|template|vorlage|modèle|plantilla|modello|modelo|szablon|şablon|sjabloon|mall|шаблон"
)
_DEFAULTS = (
    "document|dokument|documento|docu?|belge|документ|文書|文档|文件|문서|مستند|מסמך"
    "|presentation|präsentation|présentation|presentación|presentazione|apresentação|sunu"
    "|презентация|презентація|prezentacja|prezentace|bemutató|παρουσίαση|bản trình bày"
    "|งานนำเสนอ|プレゼンテーション|演示文稿|프레젠테이션"
    "|slide|folie|diapositive|diapositiva|slayt|слайд|スライド|幻灯片|슬라이드"
    "|book|workbook|mappe|classeur|libro|cartel|pasta|kitap|map|bok|zeszyt|skoroszyt|sešit"
    "|munkafüzet|книга|βιβλίο|sổ làm việc|สมุดงาน|ブック|工作簿|통합 문서"
    "|sheet|tabelle|feuil|hoja|foglio|planilha|sayfa|arkusz|blad|ark|list|munka|лист|аркуш|シート"
    "|layout|page|seite|image|img|picture|bild|scan|scanned|file|new|print|output|temp|test"
    "|title|titel|titre|título|titolo|başlık|название|タイトル|标题|標題|제목|none|null|undefined"
    "|brief|letter|lettre|carta|lettera|invoice|rechnung|facture|factura|fattura|report|bericht"
    "|rapport|informe|form|formular|formulaire|formulario|certificate|memo|draft|entwurf"
    f"|{_TEMPLATES}"
)
_EDIT = (
    "(?:click|tap|double[- ]click) (?:here )?to (?:edit|add|enter|insert) .*"
    "|(?:enter|type|insert|add) (?:your |the )?(?:\\w+ )?(?:title|headline|heading)(?: here)?"
    "|titel\\w*(?: des \\w+)?(?: durch klicken| hier)? (?:eingeben|bearbeiten|einfügen)"
    "|cliquez (?:ici )?pour .*|modifiez le style du titre|haga clic para .*|fare clic per .*"
    "|clique para .*|kliknij, aby .*|klik om .*|klicka här för .*|lorem ipsum.*"
)
_OFFICE = (
    "microsoft (?:word|powerpoint|excel|publisher|visio|office \\w+) - .*"
    "|powerpoint[- ]?(?:presentation|präsentation|bemutató|presentatie|presentasjon|præsentation"
    "|esitys|prezentacija)|(?:présentation|prezentare|presentasi) powerpoint"
    "|(?:prezentace aplikace|prezentácia programu|bản trình bày) powerpoint"
    "|(?:[^\\x00-\\x7f]+ ?){1,4}(?:microsoft )?(?:powerpoint|word|excel)(?: [^\\x00-\\x7f]+){0,3}"
    "|(?:microsoft )?(?:powerpoint|word|excel)(?: ?[^\\x00-\\x7f]+){1,3}"
    "|presentaci[óo]n de powerpoint|presentazione (?:standard )?di powerpoint"
    "|apresentação do powerpoint|prezentacja programu powerpoint|powerpoint sunusu"
    "|(?:new|my|our) (?:document|file|microsoft word document)|mein dokument|mon document"
    "|neues (?:dokument|textdokument)|nouveau document|nowy dokument|nuevo documento(?: de .*)?"
    "|acrobat document|libreoffice.*|openoffice.*|google docs|crystal reports?.*|about:blank"
    "|full[- ]?page (?:fax )?print(?:out)?|print preview|druckvorschau|normal(?:\\.dotm?)?"
)
_TEX = (
    "(?:the |your |my |insert |enter |paper |article |contribution |document |full |short |thesis )+"
    "title(?: here| goes here)?|this is (?:the|a|my) title.*|title of (?:the |your |my )?"
    "(?:paper|article|thesis|document|manuscript|contribution)|the name of the title is hope"
    "|bare (?:demo|advanced demo) of ieeetran.*|proceedings template.*|preparation of papers.*"
    "|(?:formatting |submission )?instructions? (?:for|to) (?:the )?(?:authors?|.* proceedings.*)"
    "|formatting instructions for .*|author(?:'?s)? (?:guidelines|instructions)(?: for .*)?"
    "|(?:la)?tex (?:template|example|article|document).*|(?:.* )?(?:la)?tex template(?: .*)?"
    "|(?:a )?(?:sample|template) (?:article|document|paper|manuscript|for .*)"
    "|a template for .*|elsevier article|manuscript|lecture notes in computer science"
)
_SCANNER = (
    "scan(?:ned)?(?: document| by .*| from .*|[ _-]?to .*)?|gescanntes dokument"
    "|document num[ée]ris[ée]|documento escaneado|documento scansionato|taranan belge"
    "|отсканированный документ|スキャン.*|扫描.*|掃描.*|스캔.*"
    "|(?:adobe scan|camscanner|microsoft lens|office lens|genius scan|new doc|hp scanjet|xerox scan)"
    "[ _-].*\\d.*"
    "|(?:adobe )?(?:photoshop|illustrator|indesign) (?:pdf|document).*"
    "|(?:xerox|canon|ricoh|kyocera|konica minolta|sharp|lexmark|brother|toshiba|oki)"
    "(?: (?:workcentre|versalink|altalink|taskalfa|bizhub)(?: .*)?|(?: [\\w-]+)? \\S*\\d\\S*)"
    "|s?km_[\\w-]+|job ?(?:id|no|nr|number)?[-_. #]?\\d+"
    "|(?:epson|kmbt|sharp|canon|brother|ricoh|konica|lexmark)[ _-][\\w.-]*\\d[\\w.:-]*"
    "|(?:scan|scn|ccf|img|dsc|doc|kmbt|mfp|fax|sharp|epson|image|pdf|hp)[ _-]?[a-z]?\\d[\\d ._:-]*[a-z]?"
)
_FILES = (
    r"\S.*\.(?:docx?|docm|dotx?|pptx?|ppt|xlsx?|rtf|odt|ods|odp|indd|pdf|tex|dvi|ps|qxd|ai|cdr"
    r"|pub|vsd|html?|txt|md|jpe?g|png|tiff?|pages|key|numbers|dwg|eps|fm|p65)"
    r"|(?:https?|file)://\S*|[a-z]:\\.*"
)
_CODES = r"[\W\d_]*|[0-9a-f]{16,}|\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?|cid:.*"
_PROGRAM_MADE = re.compile(
    rf"[(\[<{{%]*(?:(?:{_UNTITLED})(?:\W.*)?|(?:{_DEFAULTS}){_NUMBER}"
    rf"|(?:{_DEFAULTS})[ _-](?:{_TEMPLATES})|{_EDIT}"
    rf"|{_OFFICE}|{_TEX}|{_SCANNER}|{_FILES}|{_CODES})[)\]>}}%]*",
    re.IGNORECASE,
)


def is_program_made(title: str) -> bool:
    """Whether a title is a program's default, a template's or a file name.

    >>> [is_program_made(t) for t in ("Microsoft Word - a.doc", "Dokument1", "Annual report")]
    [True, True, False]
    """
    return bool(_PROGRAM_MADE.fullmatch(title))
