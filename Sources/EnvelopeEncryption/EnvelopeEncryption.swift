// EnvelopeEncryption
