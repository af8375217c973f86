import { answer } from "../servers/answer.ts";
import { findProgram } from "../programs.ts";
import type { Stage } from "../stage.ts";
import type { Subject } from "../subject.ts";
import { plainTraefik, running, startTraefik } from "./traefik.ts";

export const flask: Subject = {
  name: "flask",
  what: "Flask with gunicorn behind the same Traefik: its own check of tokens with the same look-up, its own answer",
  guarantee: "revocation",
  lacks: async () =>
    (await findProgram("gunicorn", ["--version"], /gunicorn/)) ??
    ((await findProgram("python", ["-c", "import flask, jwt, psycopg; print('all')"], /all/)) &&
      "the packages of bench/requirements.txt"),
  async start(stage) {
    const port = await stage.freePort();
    const folder = new URL("../servers", import.meta.url).pathname;
    const { cert, key } = stage.certificate("products");
    const gunicorn = await stage.start(
      "flask",
      port,
      [
        ...(["gunicorn", "flask_service:app", "--chdir", folder, "--bind", `127.0.0.1:${port}`] as const),
        // Threads, because gunicorn's other workers keep no connection or need a patched interpreter.
        ...["--worker-class", "gthread", "--workers", "2", "--threads", "8", "--keep-alive", "75"],
        ...["--certfile", cert, "--keyfile", key],
      ],
      {
        SIGNING_KEYS_FILE: stage.signingKeys,
        ANSWER_FILE: stage.write("bench-answer.json", answer),
        DATABASE_DSN: databaseDsn(stage),
        PYTHONDONTWRITEBYTECODE: "1",
      },
    );
    const url = `https://localhost:${port}`;
    const proxy = await startTraefik(stage, "flask-traefik", plainTraefik(stage, url, url), {});
    return running([proxy, gunicorn], [stage.process("postgres")]);
  },
};

/** The authentication service's own database and login. */
function databaseDsn(stage: Stage): string {
  const { cert, key } = stage.certificate("database-authentication");
  return [
    `host=127.0.0.1 port=${stage.port("postgres")} dbname=authentication user=authentication`,
    `sslmode=verify-full sslrootcert=${stage.ca} sslcert=${cert} sslkey=${key}`,
  ].join(" ");
}
