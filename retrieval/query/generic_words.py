"""Words of requests for pages that name neither document nor subject."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_LISTED = (
    # English
    """a about all an and are briefly by can contain contained contains content contents could
    describe described discuss discussed do document documents does file files for found from give
    in is it its main me mention mentioned of on one page pages paper pdf please point points print
    printed quote read report reported say says said show shown shows short stated tell text that the
    there this to us what what's whats whole with write written you your i want would like key""".split()
    # German
    + """auf aus bitte das dem den der des die diese diesem diesen dieser dieses dokument ein eine eines einer es
    fasse fass gib geht gesamte ganze im in inhalt ist kurz lies mir nach sagt seite steht text und
    von vom was wird worum zeig zeige zusammen zusammenfassung datei pdf""".split()
    # French
    + """à au aux ce cette ces contenu contient d de dans dit document du elle en est et fichier il
    l la le les lis moi montre page parle qu que quel quelle quelles qu'est-ce qu'y qu'il sur donne texte
    t-il t-on trouve-t-on un une y a-t-il""".split()
    # Spanish, Portuguese, Italian
    + """al con contenido contiene cuál de del di dice documento el en es esta este hay la las lo los
    muestra pone por qué que se sobre texto un una archivo trata a as conteúdo contém da diz do dos
    está esse esta este na no o os para quais qual um uma arquivo che c'è contenuto cosa dell della
    delle degli del dello è il i gli in mostra nel nella sta scritto si sulla sul questo questa file
    trova""".split()
    # Turkish, Dutch, Scandinavian, Polish
    + """belge bu bana dosya diyor et içeriği içeriyor ne neler nedir oku var ver yaz yazıyor
    yazılı göster misin mısın misiniz özetler deki daki de da nin nın het staat wat er op van vad står på det den av i co jest na
    o w dokument dokumentu""".split()
    + """handlar om zegt escrito escrita habla quoi hvad hva står der handler je co se píše stojí mówi
    znajduje się mi van áll mit ír mitä lukee ce scrie este isi apa nói gì viết có vor vorlesen
    lesen""".split()
    # Russian, Ukrainian, Greek
    + """в во на о об что написано говорится документ документа документе есть из и мне покажи
    прочитай содержание содержит текст этот этого этой файл до про що сказано пишут пише τι η ο το οι γράφει λέει στη στην της
    του το""".split()
    # Arabic, Hebrew, Hindi
    + """المكتوب في من ما ماذا على هذا هذه هو هي يوجد يقول تقول مكتوب محتوى المستند الملف الوثيقة هل لي של על את
    זה מה יש כתוב נאמר ב בעמוד המסמך הקובץ תוכן לי में का की के पर क्या है हैं लिखा दस्तावेज़ यह इस
    बताओ बताइए पढ़ो""".split()
)
GENERIC_WORDS = frozenset(unicodedata.normalize("NFKC", word) for word in _LISTED)
_PHRASES = (
    "เขียนว่าอะไร|เขียนอะไร|มีอะไร(?:บ้าง)?|ว่าอะไร|อะไร|เขียน|บอก"
    "|には|について|とは|では|何が|なに|何を|何と|何|書いて|書かれて|載って|ある|あり|います|いる|いて|ます"
    "|ですか|です|の内容|内容|教えて|ください|下さい|して|この|文書|ファイル|資料|の(?=\\s|$|？|\\?)|[はがをにで]|か(?=\\W*$)"
    "|请问|請問|请|請|上面|上|写了|寫了|写着|寫著|写|寫|说了|說了|说|說|讲了|講了|讲|講|什么|什麼|哪些|内容|內容"
    "|是|有|的|了|这份|這份|这个|這個|文档|文檔|文件|一下|给我|給我|吗|嗎|呢"
    "|에는|에서|에|의|무엇이|무엇을|무엇|뭐라고|뭐가|뭐|무슨|내용을|내용이|내용은|내용"
    "|쓰여|써(?=\\s|$)|적혀|나와|있습니까|있나요|있어요|있어|있는|있지|해\\s?주세요|해\\s?줘|하세요|주세요|줘|알려|이\\s?문서[를의는은가]?|문서[를의는은가]?|이야"
)
"""The same in scripts without spaces between words, or with particles grown on."""


@cache
def generic_phrases() -> re.Pattern[str]:
    """Pattern of the phrases; compiling it takes longer than most searches need."""
    return re.compile(_PHRASES)
