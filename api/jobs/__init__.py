"""Jobs: uploads that wait to be ingested, are being ingested, or were."""
