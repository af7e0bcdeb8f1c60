"""A tiny Whisper model with random weights, as faster-whisper takes it."""

from __future__ import annotations

from pathlib import Path


def make_whisper(folder: Path) -> Path:
    """Make a model of one layer whose tokens are single bytes; needs torch and ctranslate2."""
    import torch
    from ctranslate2.converters import TransformersConverter
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration
    from transformers import WhisperTokenizerFast as WhisperTokenizer
    from transformers.models.whisper.tokenization_whisper import LANGUAGES as CODES

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: at for at, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    codes = [f"<|{code}|>" for code in list(CODES)[:99]]
    tasks = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
    names = ["<|endoftext|>", "<|startoftranscript|>", *codes, *(f"<|{task}|>" for task in tasks)]
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in names])
    tokenizer.add_tokens([AddedToken(f"<|{at * 0.02:.2f}|>") for at in range(1501)])
    end, start = tokenizer.token_to_id(names[0]), tokenizer.token_to_id(names[1])
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=tokenizer.get_vocab_size(), d_model=32, num_mel_bins=80,
        encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=32, decoder_ffn_dim=32, decoder_start_token_id=start,
        pad_token_id=end, bos_token_id=end, eos_token_id=end,
        suppress_tokens=None, begin_suppress_tokens=None,
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    model.generation_config.alignment_heads = [[0, 0]]
    model.generation_config.suppress_tokens = []
    model.generation_config.lang_to_id = {code: tokenizer.token_to_id(code) for code in codes}
    model.generation_config.no_timestamps_token_id = tokenizer.token_to_id("<|notimestamps|>")
    source = folder / "source"
    model.save_pretrained(source)
    WhisperFeatureExtractor().save_pretrained(source)
    WhisperTokenizer(tokenizer_object=tokenizer).save_pretrained(source)
    tokenizer.save(str(source / "tokenizer.json"))
    files = ["tokenizer.json", "preprocessor_config.json"]
    TransformersConverter(str(source), copy_files=files).convert(str(folder / "whisper"))
    return folder / "whisper"
