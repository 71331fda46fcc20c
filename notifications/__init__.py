"""Mails and notices: their templates, the outbox, delivery, and the clock that drives them."""
