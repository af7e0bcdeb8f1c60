"""Words of office documents as HTML, without an office program."""
