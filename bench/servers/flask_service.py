"""A service and the gateway's check of tokens in Flask, as the reference has them."""

import json
import os
import threading

import jwt
import psycopg
from flask import Flask, jsonify, request

with open(os.environ["SIGNING_KEYS_FILE"], encoding="utf-8") as file:
    KEYS = {
        jwk["kid"]: jwt.PyJWK({name: jwk[name] for name in ("kty", "crv", "x", "y", "alg")}).key
        for jwk in json.load(file)["keys"]
    }
with open(os.environ["ANSWER_FILE"], encoding="utf-8") as file:
    ANSWER = json.load(file)
ACTIVE = (
    "select id from sessions where id = %s and user_id = %s and ended_at is null and expires_at > now()"
)

app = Flask(__name__)
app.json.sort_keys = False
local = threading.local()


def connection():
    """A connection for each thread, which stays open: psycopg prepares what it repeats."""
    if not hasattr(local, "connection"):
        local.connection = psycopg.connect(os.environ["DATABASE_DSN"], autocommit=True)
    return local.connection


@app.get("/validate")
def validate():
    token = request.cookies.get("jwt", "")
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(
            token,
            KEYS[header["kid"]],
            algorithms=["ES256"],
            audience="gatehouse",
            issuer="gatehouse",
            leeway=10,
            options={"require": ["sub", "sid", "jti", "iat", "exp"]},
        )
    except (jwt.InvalidTokenError, KeyError):
        return {"status": 401, "title": "Sign in first"}, 401
    if header.get("typ") != "at+jwt":
        return {"status": 401, "title": "Sign in first"}, 401
    if connection().execute(ACTIVE, (claims["sid"], claims["sub"])).fetchone() is None:
        return {"status": 401, "title": "The session has ended"}, 401
    return "", 200, {"X-User-ID": claims["sub"]}


@app.get("/products")
def products():
    return jsonify(ANSWER)
