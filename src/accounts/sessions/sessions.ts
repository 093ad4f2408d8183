/**
 * Sessions: what a browser shows instead of a password, for some hours.
 *
 *     <login>.<end>.<signature>     the login in Base64, the end in seconds since 1970
 *
 * The server keeps no list of them. The signature is made of the login, the end, the user's hash,
 * and the user's generation, a number that grows with each logout. So a session ends with its time,
 * with a new password, when the user is disabled or deleted, and with a logout, on every server
 * that has the log and the key.
 *
 *     $session-<login>    $SessionsEnded: a logout, which ends all sessions of the user
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { StreamName } from "../../event.ts";
import type { Log } from "../../log/log.ts";
import { KeptStreams } from "../kept-streams.ts";
import { appendOwn, closeStream } from "../own-streams.ts";
import type { User } from "../users/user.ts";
import type { Users } from "../users/users.ts";

const SESSION_STREAMS = "$session-";
/** The first name behind all that begin with that. */
const SESSION_STREAMS_END = "$session.";
const SESSIONS_ENDED = "$SessionsEnded";
const FORM = /^([\w-]{1,400})\.(\d{1,12})\.([\w-]{43})$/;

type Signed = Pick<User, "hash">;
const NOBODY: Signed = { hash: "" };

const KIND = {
	from: SESSION_STREAMS,
	before: SESSION_STREAMS_END,
	decode: ({ version }: { readonly version: number }) => version + 1,
};

export type SessionsOptions = {
	readonly key: Buffer | string;
	readonly hours: number;
	readonly report: (error: unknown) => void;
};

/** Listens to the log until it is closed. */
export class Sessions {
	readonly #log: Log;
	readonly #users: Users;
	readonly #options: SessionsOptions;
	readonly #generations: KeptStreams<number>;

	constructor(log: Log, users: Users, options: SessionsOptions) {
		this.#log = log;
		this.#users = users;
		this.#options = options;
		this.#generations = new KeptStreams(log, KIND, options.report);
	}

	load(): Promise<void> {
		return this.#generations.load();
	}

	/** A new session of a user whose password was checked. */
	async begin(user: User): Promise<string> {
		const end = Math.floor(Date.now() / 1000) + this.#options.hours * 3600;
		const head = `${Buffer.from(user.login).toString("base64url")}.${end}`;
		return `${head}.${this.#sign(head, user, await this.#generation(user.login))}`;
	}

	/** Whose session it is; undefined if it is none, or has ended. At once if that is known. */
	userOf(text: string): User | undefined | Promise<User | undefined> {
		const [, name = "", end = "", signature = ""] = FORM.exec(text) ?? [];
		if (signature === "" || Number(end) * 1000 <= Date.now()) return undefined;
		const login = Buffer.from(name, "base64url").toString();
		const [user, generation] = [this.#users.get(login), this.#generation(login)];
		const judge = (known: User | undefined, of: number) => {
			// Also for a login that nobody has, so that no time tells who is a user.
			const isSigned = this.#isSigned(text, known ?? NOBODY, of);
			return isSigned && known?.isDisabled === false ? known : undefined;
		};
		if (user instanceof Promise || generation instanceof Promise) {
			return Promise.all([user, generation]).then(([known, of]) => judge(known, of));
		}
		return judge(user, generation);
	}

	/** Ends all sessions of a user, everywhere. */
	async end(login: string): Promise<void> {
		const stream = streamOf(login);
		await closeStream(this.#log, stream);
		await appendOwn(this.#log, stream, { type: SESSIONS_ENDED, data: Buffer.from("{}") });
		await this.#generation(login);
	}

	close(): void {
		this.#generations.close();
	}

	#generation(login: string): number | Promise<number> {
		const known = this.#generations.get(streamOf(login));
		return known instanceof Promise ? known.then((later) => later ?? 0) : (known ?? 0);
	}

	#isSigned(text: string, user: Signed, generation: number): boolean {
		const at = text.lastIndexOf(".");
		const right = Buffer.from(this.#sign(text.slice(0, at), user, generation));
		const sent = Buffer.from(text.slice(at + 1));
		return sent.length === right.length && timingSafeEqual(sent, right);
	}

	#sign(head: string, { hash }: Signed, generation: number): string {
		const signed = JSON.stringify(["session", head, generation, hash]);
		return createHmac("sha256", this.#options.key).update(signed).digest("base64url");
	}
}

function streamOf(login: string): StreamName {
	return `${SESSION_STREAMS}${login}` as StreamName;
}
