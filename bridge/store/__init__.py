"""The only speaker of SQL: state, outbox and journal. SQL is the truth; everything else may be
lost.
"""
