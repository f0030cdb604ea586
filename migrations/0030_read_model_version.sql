-- A read model's identity is its version: the hash of its source text said nothing about its rows.
ALTER TABLE projection DROP COLUMN code_hash;
