"""OpenID Connect against a provider that lies in every way we know of."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from services.intake.accounts.oidc_settings import OidcSettings
from shared.vocabulary import Role
from tests.integration import oidc_world
from tests.integration.accounts_world import PASSWORD, SETTINGS, World, world
from tests.integration.oidc_world import CLIENT, SECRET, Provider, query_of

NAME = {"preferred_username": "An.Nguyen"}
CALLBACK = "http://intake/api/v1/auth/oidc/callback"


@pytest.fixture
async def idp() -> AsyncIterator[Provider]:
    async with oidc_world.provider() as made:
        yield made


def configured(idp: Provider, **changes: Any) -> Any:
    plain = OidcSettings(idp.issuer, CLIENT, SECRET, CALLBACK, secure=False)
    return replace(SETTINGS, oidc=replace(plain, **changes))


@pytest.fixture
async def here(mongo_url: str, database_prefix: str, idp: Provider) -> AsyncIterator[World]:
    async with world(mongo_url, database_prefix, configured(idp)) as made:
        await made.issue("an.nguyen", email="an@example.com")
        yield made


@pytest.fixture
async def browser(here: World) -> AsyncIterator[httpx.AsyncClient]:
    async with here.client() as made:
        yield made


async def at_provider(browser: httpx.AsyncClient) -> dict[str, str]:
    """Go to the provider, sign in there, and return what it sends back with."""
    start = await browser.get("/auth/oidc/start")
    assert start.status_code == 303
    async with httpx.AsyncClient() as outside:
        back = await outside.get(start.headers["location"])
    assert back.headers["location"].startswith(f"{CALLBACK}?")
    return query_of(back.headers["location"])


async def come_back(browser: httpx.AsyncClient, brought: dict[str, str]) -> httpx.Response:
    return await browser.get("/auth/oidc/callback", params=brought)


def refused(here: World, answer: httpx.Response, reason: str) -> None:
    assert answer.status_code == 401, answer.text
    assert answer.json()["type"] == "urn:civic:problem:oidc_refused"
    assert here.noted("account.sign_in_failed")[-1] == {"method": "oidc", "reason": reason}
    assert here.noted("account.signed_in") == []


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post"])
async def test_whom_the_provider_knows_and_we_do_gets_a_session(
    here: World, browser: httpx.AsyncClient, idp: Provider, way: str
):
    idp.claims, idp.ways = NAME, [way]

    answer = await come_back(browser, await at_provider(browser))

    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert (tokens["username"], tokens["role"], tokens["unit"]) == (
        "an.nguyen",
        "officer",
        "ward_1",
    )
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    listed = await browser.get("/auth/sessions", headers=headers)
    assert [each["method"] for each in listed.json()["items"]] == ["oidc"]
    renewed = await browser.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert renewed.status_code == 200
    assert here.noted("account.signed_in") == [{"method": "oidc"}]


async def test_the_cookie_is_for_the_callback_only(browser: httpx.AsyncClient):
    start = await browser.get("/auth/oidc/start")

    cookie = start.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=lax", "path=/api/v1/auth/oidc", "max-age=600"):
        assert part in cookie
    assert start.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("claims", "header", "reason"),
    [
        pytest.param({"aud": "other"}, {}, "claim_aud", id="for another client"),
        pytest.param({"aud": ["other"]}, {}, "claim_aud", id="for other clients"),
        pytest.param({"aud": None}, {}, "token_MissingClaimError", id="for nobody"),
        pytest.param({"azp": "other"}, {}, "claim_azp", id="asked for by another client"),
        pytest.param({"iss": "http://evil.example"}, {}, "claim_iss", id="another issuer"),
        pytest.param({"exp": int(time.time()) - 61}, {}, "expired", id="expired"),
        pytest.param({"exp": None}, {}, "token_MissingClaimError", id="never expires"),
        pytest.param({"exp": "tomorrow"}, {}, "claim_exp", id="expires some day"),
        pytest.param({"iat": int(time.time()) + 86_400}, {}, "claim_iat", id="of the future"),
        pytest.param({"nonce": "other"}, {}, "claim_nonce", id="of another sign-in"),
        pytest.param({"nonce": None}, {}, "token_MissingClaimError", id="of no sign-in"),
        pytest.param({"sub": None}, {}, "token_MissingClaimError", id="of nobody"),
        pytest.param({}, {"alg": "none"}, "token_UnsupportedAlgorithmError", id="not signed"),
        pytest.param({}, {"alg": "HS256"}, "token_UnsupportedAlgorithmError", id="key as a MAC"),
        pytest.param({}, {"kid": "two"}, "token_InvalidKeyIdError", id="an unknown key"),
        pytest.param({"preferred_username": "nobody"}, {}, "no_account", id="no account here"),
        pytest.param({"preferred_username": None}, {}, "claim_missing", id="no name"),
        pytest.param({"preferred_username": ["an.nguyen"]}, {}, "claim_missing", id="a list"),
        pytest.param({"preferred_username": {"$gt": ""}}, {}, "claim_missing", id="a query"),
    ],
)
async def test_a_token_that_is_not_good_lets_nobody_in(
    here: World,
    browser: httpx.AsyncClient,
    idp: Provider,
    claims: dict[str, Any],
    header: dict[str, Any],
    reason: str,
):
    idp.claims, idp.header = {**NAME, **claims}, header

    answer = await come_back(browser, await at_provider(browser))

    refused(here, answer, reason)
    assert await here.accounts.registry.find("nobody") is None


async def test_another_key_under_the_same_name_lets_nobody_in(
    here: World, browser: httpx.AsyncClient, idp: Provider
):
    idp.claims = NAME
    idp.key = RSAKey.generate_key(2048, {"kid": "one"})

    refused(here, await come_back(browser, await at_provider(browser)), "token_BadSignatureError")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.", "é.é.é"])
async def test_nonsense_for_a_token_lets_nobody_in(
    here: World, browser: httpx.AsyncClient, idp: Provider, token: str
):
    idp.claims, idp.token = NAME, token or "."

    answer = await come_back(browser, await at_provider(browser))

    assert answer.status_code == 401
    assert here.noted("account.signed_in") == []


@pytest.mark.usefixtures("here")
async def test_a_provider_that_changes_its_keys_is_followed(
    browser: httpx.AsyncClient, idp: Provider, monkeypatch: pytest.MonkeyPatch
):
    idp.claims = NAME
    assert (await come_back(browser, await at_provider(browser))).status_code == 200
    idp.key = RSAKey.generate_key(2048, {"kid": "two"})
    idp.published, idp.header = [idp.key], {"kid": "two"}
    soon = await come_back(browser, await at_provider(browser))
    monkeypatch.setattr("services.intake.accounts.oidc_provider.KEYS_AGAIN_S", 0.0)

    later = await come_back(browser, await at_provider(browser))

    assert soon.status_code == 401  # an unknown key id cannot make us fetch at every call
    assert later.status_code == 200, later.text
    assert idp.fetched.count("keys") == 2
    assert idp.fetched.count("discovery") == 1


async def test_what_was_brought_once_is_worth_nothing_again(
    here: World, browser: httpx.AsyncClient, idp: Provider
):
    idp.claims = NAME
    brought = await at_provider(browser)
    cookies = dict(browser.cookies)
    assert (await come_back(browser, brought)).status_code == 200
    here.notes.clear()
    browser.cookies.update(cookies)

    refused(here, await come_back(browser, brought), "state_unknown")


async def test_another_browser_cannot_bring_it(here: World, idp: Provider):
    """Else a link would sign its victim in to the attacker's account."""
    idp.claims = NAME
    async with here.client() as attacker, here.client() as victim:
        brought = await at_provider(attacker)

        refused(here, await come_back(victim, brought), "other_browser")

        await at_provider(victim)
        refused(here, await come_back(victim, brought), "state_unknown")


async def test_a_sign_in_that_takes_too_long_begins_anew(
    here: World, browser: httpx.AsyncClient, idp: Provider
):
    idp.claims = NAME
    brought = await at_provider(browser)
    here.later(minutes=10)

    refused(here, await come_back(browser, brought), "state_expired")


async def test_another_providers_answer_is_refused(
    here: World, browser: httpx.AsyncClient, idp: Provider
):
    idp.claims = NAME
    brought = {**await at_provider(browser), "iss": "http://evil.example"}

    refused(here, await come_back(browser, brought), "other_issuer")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param("", "no_code", id="none: the person said no"),
        pytest.param("stolen", "code_refused", id="not of this provider"),
    ],
)
async def test_without_a_good_code_nobody_comes_in(
    here: World, browser: httpx.AsyncClient, code: str, reason: str
):
    brought = {**await at_provider(browser), "code": code}

    refused(here, await come_back(browser, brought), reason)


async def test_a_disabled_account_stays_outside(
    here: World, browser: httpx.AsyncClient, idp: Provider
):
    idp.claims = NAME
    account = await here.accounts.registry.find("an.nguyen")
    assert account
    await here.accounts.registry.change(account, {"disabled": True}, "test")

    refused(here, await come_back(browser, await at_provider(browser)), "account_disabled")

    assert [each[2] for each in here.notes if each[0] == "account.sign_in_failed"] == [account.id]


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        pytest.param({"email": "AN@example.com", "email_verified": True}, None, id="verified"),
        pytest.param({"email": "an@example.com"}, "email_unverified", id="not verified"),
        pytest.param(
            {"email": "an@example.com", "email_verified": "true"}, "email_unverified", id="a word"
        ),
        pytest.param(
            {"email": "unit@example.com", "email_verified": True}, "no_account", id="of several"
        ),
        pytest.param(
            {"email": "nobody@example.com", "email_verified": True}, "no_account", id="of nobody"
        ),
    ],
)
async def test_an_address_names_the_one_account_that_has_it(
    mongo_url: str,
    database_prefix: str,
    idp: Provider,
    claims: dict[str, Any],
    reason: str | None,
):
    settings = configured(idp, claim="email")
    async with world(mongo_url, database_prefix, settings) as here, here.client() as browser:
        await here.issue("an.nguyen", email="an@example.com")
        for name in ("one", "two"):
            await here.issue(name, email="unit@example.com")
        idp.claims = claims

        answer = await come_back(browser, await at_provider(browser))

        if reason:
            refused(here, answer, reason)
        else:
            assert answer.json()["username"] == "an.nguyen"


async def test_a_given_password_does_not_stand_in_the_way_of_the_provider(
    mongo_url: str, database_prefix: str, idp: Provider
):
    settings = configured(idp)
    async with world(mongo_url, database_prefix, settings) as here, here.client() as browser:
        await here.issue("an.nguyen", Role.LEADER, must_change=True)
        idp.claims = NAME

        tokens = (await come_back(browser, await at_provider(browser))).json()

        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await browser.get("/auth/sessions", headers=headers)).status_code == 200


async def test_a_provider_that_is_away_is_an_outage_and_passwords_go_on(
    here: World, browser: httpx.AsyncClient, idp: Provider
):
    idp.down = True

    answer = await browser.get("/auth/oidc/start")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    await here.sign_in("an.nguyen", PASSWORD)


async def test_a_discovery_document_of_another_issuer_is_not_believed(
    mongo_url: str, database_prefix: str, idp: Provider
):
    settings = configured(idp, issuer=f"{idp.issuer}/")
    async with world(mongo_url, database_prefix, settings) as here, here.client() as browser:
        assert (await browser.get("/auth/oidc/start")).status_code == 503
