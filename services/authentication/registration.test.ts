import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestAuthentication } from "./testing.ts";
import { post, signIn, testAuthentication, validate } from "./testing.ts";

const password = "correct horse";
/** A letter and a sign that are two UTF-16 units each. */
const letter = "𠮷";
const emoji = "🔑";

describe("registration", () => {
  let service: TestAuthentication;
  const register = (body: unknown) => post(service.app, "/authentication/registration", body);

  beforeAll(async () => {
    service = await testAuthentication();
    await register({ username: "Alice", password });
  });
  afterAll(() => service.drop());

  it("answers with the new user and nothing else", async () => {
    const answer = await register({ username: "bob.b_b@example+1-x", password });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      username: "bob.b_b@example+1-x",
    });
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it.each([
    ["3 characters", "abc"],
    ["32 characters", "x".repeat(32)],
    ["3 characters of two units each", letter.repeat(3)],
    ["32 characters of two units each", letter.repeat(32)],
    ["letters and digits of other scripts", "Ünïcødé-Жук-٣"],
    ["letters with combining marks", "हिन्दी"],
    ["a letter that becomes two in upper case", "straße"],
  ])("accepts a username of %s", async (_what, username) => {
    const answer = await register({ username, password });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ username });
  });

  it.each([
    ["8 characters of two units each", "carol", emoji.repeat(7), emoji],
    ["128 characters of two units each", "dave", emoji.repeat(127), emoji],
    ["spaces, line breaks and a null character", "erin", " \n\u2028\t \n\u0000", " "],
  ])("accepts a password of %s, and exactly that one at login", async (_what, username, start, end) => {
    const secret = start + end;
    expect((await register({ username, password: secret })).status).toBe(201);
    const { jwt } = await signIn(service.app, { username, password: secret });
    expect(await validate(service.app, jwt)).toBe(200);
    const refused = await post(service.app, "/authentication/login", { username, password: `${start}x` });
    expect(refused.status).toBe(401);
  });

  it.each([
    ["2 characters", { username: "ab", password }],
    ["2 characters of two units each", { username: letter.repeat(2), password }],
    ["33 characters", { username: "x".repeat(33), password }],
    ["33 characters of two units each", { username: letter.repeat(33), password }],
    ["33 characters, written as 11 ligatures", { username: "\ufb03".repeat(11), password }],
    ["a space", { username: "al ice", password }],
    ["a line break at the end", { username: "alice2\n", password }],
    ["a null character", { username: "ali\u0000ce", password }],
    ["an invisible character", { username: "ali\u200bce", password }],
    ["half a character", { username: "ali\ud842ce", password }],
    ["markup", { username: "<script>", password }],
    ["a number as username", { username: 12345, password }],
    ["no username", { password }],
    ["a password of 7 characters", { username: "mallory", password: "1234567" }],
    ["a password of 7 characters of two units each", { username: "mallory", password: emoji.repeat(7) }],
    ["a password of 129 characters", { username: "mallory", password: "x".repeat(129) }],
    ["a password of 129 characters of two units", { username: "mallory", password: emoji.repeat(129) }],
    ["a list as password", { username: "mallory", password: Array(9).fill("x") }],
    ["no password", { username: "mallory" }],
    ["a role", { username: "mallory", password, role: "admin" }],
    ["an id", { username: "mallory", password, id: "00000000-0000-4000-8000-000000000001" }],
  ])("refuses %s", async (_what, body) => {
    const answer = await register(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "validation_failed", status: 400 });
  });

  it("does not repeat the password in the refusal", async () => {
    const answer = await register({ username: "mallory", password: "seven77" });
    expect(await answer.text()).not.toContain("seven77");
  });

  it("refuses an absent body", async () => {
    expect((await register(undefined)).status).toBe(400);
  });

  it.each([
    ["the same name", "Alice"],
    ["another case", "aLICE"],
    ["full-width letters, which NFKC folds", "\uff21lice"],
    ["another case of letters that change in number", "STRASSE"],
  ])("refuses %s as taken", async (_what, username) => {
    const answer = await register({ username, password });
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({ code: "username_taken" });
  });

  it("keeps a name in its NFKC form, and takes any form of it at login", async () => {
    const composed = "Jose\u0301-\u2163";
    const answer = await register({ username: composed, password });
    expect(await answer.json()).toMatchObject({ username: "Jos\u00e9-IV" });
    expect((await signIn(service.app, { username: "JOS\u00c9-iv", password })).jwt).not.toBe("");
    expect((await signIn(service.app, { username: composed, password })).jwt).not.toBe("");
  });

  it("gives a name to one of those who ask for it at once", async () => {
    const forms = ["Race", "rACE", "race", "RACE"];
    const answers = await Promise.all(forms.map((username) => register({ username, password })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  it("keeps no password, but its argon2id hash", async () => {
    const users = await service.db.selectFrom("users").selectAll().execute();
    expect(users.length).toBeGreaterThan(5);
    for (const user of users) expect(user.password_hash).toMatch(/^\$argon2id\$v=19\$/);
    expect(JSON.stringify(users)).not.toContain(password);
  });
});
