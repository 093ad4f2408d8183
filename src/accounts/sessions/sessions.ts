/**
 * Sessions: what a browser shows instead of a password, for some hours. `shown.ts` has their text.
 *
 * The server keeps no list of them. The signature is made of all that the text says, of what the
 * session stands on, and of the generation of its name, a number that grows with each logout. A
 * session of a user of the store stands on the user's hash: so it ends with its time, with a new
 * password, when the user is disabled or deleted, and with a logout, on every server that has the
 * log and the key. One of a user of the issuer stands on what the operator says of the issuer, and
 * ends, too, if the store gets a user of that name.
 *
 *     $session-<login>    $SessionsEnded: a logout, which ends all sessions of the name
 */
import { type Principal, principalOf } from "../../access/principal.ts";
import type { StreamName } from "../../event.ts";
import { KeptStreams } from "../../following/kept-streams.ts";
import type { Log } from "../../log/log.ts";
import { appendOwn, closeStream } from "../own-streams.ts";
import type { User } from "../users/user.ts";
import type { Users } from "../users/users.ts";
import { headOfIssued, headOfUser, type Shown, shownBy } from "./shown.ts";
import { isSameSignature, signatureOf } from "./signature.ts";

const SESSION_STREAMS = "$session-";
/** The first name behind all that begin with that. */
const SESSION_STREAMS_END = "$session.";
const SESSIONS_ENDED = "$SessionsEnded";

const KIND = {
	from: SESSION_STREAMS,
	before: SESSION_STREAMS_END,
	decode: ({ version }: { readonly version: number }) => version + 1,
};

export type SessionsOptions = {
	readonly key: Buffer | string;
	readonly hours: number;
	readonly report: (error: unknown) => void;
	/** What the operator says of the issuer, as text; undefined if there is none. */
	readonly issuer?: string | undefined;
};

/** Whom the issuer names, and until when: milliseconds since 1970. */
type Issued = {
	readonly principal: Pick<Principal, "name" | "groups">;
	readonly untilMs: number;
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
	async begin({ login, hash }: User): Promise<string> {
		return this.#signed(headOfUser(login, this.#endSeconds()), login, hash);
	}

	/**
	 * A new session of a user of the issuer, which ends with the token at the latest.
	 * @returns undefined if the user has more groups than a cookie holds
	 */
	async beginIssued({ principal, untilMs }: Issued): Promise<string | undefined> {
		const end = Math.min(this.#endSeconds(), Math.floor(untilMs / 1000));
		const head = headOfIssued(principal, end);
		return head && this.#signed(head, principal.name, this.#options.issuer ?? "");
	}

	/** Whose session it is; undefined if it is none, or has ended. At once if that is known. */
	principalOf(text: string): Principal | undefined | Promise<Principal | undefined> {
		const shown = shownBy(text);
		if (shown === undefined) return undefined;
		const [user, generation] = [this.#users.get(shown.name), this.#generation(shown.name)];
		if (user instanceof Promise || generation instanceof Promise) {
			return Promise.all([user, generation]).then(([known, of]) => this.#judge(shown, known, of));
		}
		return this.#judge(shown, user, generation);
	}

	/** Ends all sessions of a name, everywhere. */
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

	#endSeconds(): number {
		return Math.floor(Date.now() / 1000) + this.#options.hours * 3600;
	}

	async #signed(head: string, name: string, basis: string): Promise<string> {
		return `${head}.${this.#sign(head, await this.#generation(name), basis)}`;
	}

	#judge(shown: Shown, user: User | undefined, generation: number): Principal | undefined {
		const { name, groups, head, signature } = shown;
		const { issuer } = this.#options;
		// Also for a login that nobody has, so that no time tells who is a user.
		const basis = groups === undefined ? (user?.hash ?? "") : (issuer ?? "");
		if (!isSameSignature(signature, this.#sign(head, generation, basis))) return undefined;
		const holds = () => this.#stands(shown, user, generation);
		if (groups === undefined) {
			if (user === undefined || user.isDisabled) return undefined;
			return principalOf({ name, groups: user.groups, via: "session", holds });
		}
		if (issuer === undefined || user !== undefined) return undefined;
		return principalOf({ name, groups, via: "oidc", holds });
	}

	/** Whether a session that was judged goes on. True while it is not known, which is no end. */
	#stands({ name, endMs }: Shown, user: User | undefined, generation: number): boolean {
		const now = this.#generation(name);
		if (endMs <= Date.now() || !(now instanceof Promise || now === generation)) return false;
		if (user !== undefined) return this.#users.stands(user, true);
		const known = this.#users.get(name);
		return known === undefined || known instanceof Promise;
	}

	#sign(head: string, generation: number, basis: string): string {
		return signatureOf(this.#options.key, ["session", head, generation, basis]);
	}
}

function streamOf(login: string): StreamName {
	return `${SESSION_STREAMS}${login}` as StreamName;
}
