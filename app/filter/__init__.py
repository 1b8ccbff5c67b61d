"""RTP-Filter checks what the R&V system holds. Never read `app/lex` while working here."""
