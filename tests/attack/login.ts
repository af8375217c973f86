import { randomBytes } from "node:crypto";
import type { Answer, TestClient } from "../support/client.ts";
import type { Attack } from "./attack.ts";
import { each, hold, tally } from "./attack.ts";
import { ownMemory } from "./listeners.ts";
import { holdServed, median, Victims } from "./measure.ts";
import { proxyHeaders } from "./spellings.ts";

const LOGIN = "/authentication/login";
const WRONG = "not the password";
/** What the platform promises: failures of one account from one source, and of one source, in a quarter of an hour. */
const PER_PAIR = 10;
const PER_SOURCE = 100;
/** Memory that a pod may have, in MiB. */
const POD_MEMORY = 128;

const nobody = () => `nobody-${randomBytes(6).toString("hex")}`;
const guess = (client: TestClient, username: string, headers: Record<string, string> = {}) =>
  client.post(LOGIN, { username, password: WRONG }, { headers });
const statuses = (answers: readonly Answer[]) =>
  tally(answers.map(({ status }) => ({ what: "login", status })));
/** Logins whose password was looked at. */
const lookedAt = (answers: readonly Answer[]) => answers.filter(({ status }) => status === 401).length;

export const login: readonly Attack[] = [
  {
    family: "login",
    threat: "an unknown user and a wrong password get the same answer, headers included",
    quick: true,
    async run(target) {
      const { username } = await target.signUp();
      const [wrong, unknown] = [
        await guess(target.client(), username),
        await guess(target.client(), nobody()),
      ];
      const told = ({ status, text, headers }: Answer) => {
        const { date: _, "x-request-id": __, ...rest } = headers;
        return JSON.stringify([status, text, rest]);
      };
      hold(wrong.status === 401, `a wrong password answers ${wrong.status}`);
      hold(told(wrong) === told(unknown), `they differ:\n${told(wrong)}\n${told(unknown)}`);
      return "the same 401";
    },
  },
  {
    family: "login",
    threat: "an unknown user and a wrong password take the same time",
    quick: false,
    needs: ["addresses"],
    async run(target) {
      const times = { wrong: [] as number[], unknown: [] as number[] };
      for (let user = 0; user < 6; user++) {
        const { username } = await target.signUp();
        // One after the other, in turn, so that whatever else the machine does meets both alike.
        for (let turn = 0; turn < 8; turn++) {
          for (const [kind, name] of [
            ["wrong", username],
            ["unknown", nobody()],
          ] as const) {
            const client = target.client();
            await client.get("/authentication/openapi.json");
            const start = performance.now();
            const { status } = await guess(client, name);
            times[kind].push(performance.now() - start);
            hold(status === 401, `a login answers ${status}`);
          }
        }
      }
      const [wrong, unknown] = [median(times.wrong), median(times.unknown)];
      const figure = `medians of ${times.wrong.length}: ${wrong.toFixed(1)} and ${unknown.toFixed(1)} ms`;
      hold(Math.max(wrong, unknown) < 1.25 * Math.min(wrong, unknown), figure);
      return figure;
    },
  },
  {
    family: "login",
    threat: `of 40 passwords tried at once on one account from one source ${PER_PAIR} are looked at`,
    quick: true,
    async run(target) {
      const { username } = await target.signUp();
      const client = target.client({ waitsWhenLimited: false });
      const answers = await Promise.all(Array.from({ length: 40 }, () => guess(client, username)));
      hold(lookedAt(answers) <= PER_PAIR, `${lookedAt(answers)} were looked at`);
      hold(lookedAt(answers) > 0, `none was looked at: ${statuses(answers)}`);
      return statuses(answers);
    },
  },
  {
    family: "login",
    threat: "a forged header of a proxy gives no other source to guess from",
    quick: true,
    async run(target) {
      const { username } = await target.signUp();
      const client = target.client({ waitsWhenLimited: false });
      for (let time = 0; time < PER_PAIR; time++) await guess(client, username);
      const answers = await each(
        proxyHeaders,
        (name) => guess(client, username, { [name]: "203.0.113.9" }),
        1,
      );
      hold(lookedAt(answers) === 0, `${lookedAt(answers)} more were looked at`);
      return statuses(answers);
    },
  },
  {
    family: "login",
    threat: `one source gets at most ${PER_SOURCE} passwords looked at, of however many accounts`,
    quick: false,
    needs: ["addresses"],
    async run(target) {
      const client = target.client({ waitsWhenLimited: false });
      const answers = await each(Array.from({ length: 130 }), () => guess(client, nobody()), 30);
      hold(lookedAt(answers) <= PER_SOURCE, `${lookedAt(answers)} were looked at`);
      hold(
        answers.some(({ status }) => status === 429),
        `none was refused: ${statuses(answers)}`,
      );
      return statuses(answers);
    },
  },
  {
    family: "login",
    threat: "failing on purpose from elsewhere keeps no account's owner out",
    quick: true,
    needs: ["addresses"],
    async run(target) {
      const { username, password } = await target.signUp();
      const thief = target.client({ waitsWhenLimited: false });
      const answers = await Promise.all(Array.from({ length: 15 }, () => guess(thief, username)));
      hold(
        answers.some(({ status }) => status === 429),
        `the attacker was never refused: ${statuses(answers)}`,
      );
      const { status } = await target.client().post(LOGIN, { username, password });
      hold(status === 200, `the owner's login answers ${status}`);
      return `the attacker: ${statuses(answers)}; the owner: 200`;
    },
  },
  {
    family: "login",
    threat: "while 50 sources log in at once whoami stays fast, and no replica outgrows its pod",
    quick: false,
    needs: ["addresses"],
    async run(target) {
      const victims = await Victims.of(target);
      const whoami = ["/authentication/whoami"];
      const idle = await victims.ask(whoami, 6);
      const replicas = [...(target.lacks(["state"]).length > 0 ? [] : target.processes())].filter(([name]) =>
        name.startsWith("authentication-"),
      );
      let peak = 0;
      const watch = setInterval(() => {
        for (const [, pid] of replicas) peak = Math.max(peak, ownMemory(pid));
      }, 50);
      const [attacked, answers] = await Promise.all([
        victims.ask(whoami, 6),
        Promise.all(
          Array.from({ length: 50 }, () => guess(target.client({ waitsWhenLimited: false }), nobody())),
        ),
      ]);
      clearInterval(watch);
      hold(peak < POD_MEMORY, `a replica has ${peak.toFixed(0)} MiB of its own`);
      const memory = replicas.length === 0 ? "" : `; ${peak.toFixed(0)} MiB at most in a replica`;
      return `${holdServed(idle, attacked)}${memory}; logins: ${statuses(answers)}`;
    },
  },
];
