/** Changes of tokens, one after another: each is an event of the token. */
import { Refusal } from "../../errors.ts";
import type { Log } from "../../log/log.ts";
import { OneAtATime } from "../one-at-a-time.ts";
import { appendOwn, closeStream } from "../own-streams.ts";
import type { Users } from "../users/users.ts";
import { hashOfToken, newTokenId, newTokenText } from "./text.ts";
import {
	encodeToken,
	factsFault,
	streamOf,
	TOKEN_CREATED,
	TOKEN_REVOKED,
	TOKEN_ROTATED,
	type Token,
	type TokenFacts,
} from "./token.ts";
import type { Tokens } from "./tokens.ts";

/** A token, and its text, which is shown this once. */
export type NewToken = { readonly token: Token; readonly text: string };

const TOKENS_MAX = 10_000;

export class TokenChanges {
	readonly #log: Log;
	readonly #tokens: Tokens;
	readonly #users: Users;
	readonly #inTurn = new OneAtATime();

	constructor(log: Log, tokens: Tokens, users: Users) {
		this.#log = log;
		this.#tokens = tokens;
		this.#users = users;
	}

	/**
	 * @throws Refusal `invalid-token`, `user-not-found`, `too-many-accounts`, and as `Log.append`
	 */
	create(facts: TokenFacts): Promise<NewToken> {
		const [field, reason] = faultOf(facts) ?? [];
		if (field !== undefined && reason !== undefined) {
			throw new Refusal("invalid-token", { field, reason });
		}
		return this.#inTurn.run(async () => {
			const { user } = facts;
			if (!(await this.#users.get(user))) throw new Refusal("user-not-found", { loginName: user });
			if ((await this.#tokens.all()).length >= TOKENS_MAX) {
				throw new Refusal("too-many-accounts", { kind: "tokens", max: TOKENS_MAX });
			}
			const id = newTokenId();
			await closeStream(this.#log, streamOf(id));
			return this.#write({ ...facts, id, hash: "", version: -1, made: 0 }, TOKEN_CREATED);
		});
	}

	/** Makes another text for a token; the one of before ends. @throws Refusal `token-not-found` */
	rotate(id: string): Promise<NewToken> {
		return this.#inTurn.run(async () => this.#write(await this.#known(id), TOKEN_ROTATED));
	}

	/** @throws Refusal `token-not-found` */
	revoke(id: string): Promise<void> {
		return this.#inTurn.run(async () => {
			const { name, user } = await this.#known(id);
			const event = { type: TOKEN_REVOKED, data: Buffer.from(JSON.stringify({ name, user })) };
			await appendOwn(this.#log, streamOf(id), event);
			await this.#tokens.get(id);
			this.#tokens.forget(id);
		});
	}

	async #write(token: Token, type: string): Promise<NewToken> {
		const { id, version } = token;
		const text = newTokenText(id);
		const data = encodeToken({ ...token, hash: hashOfToken(text) });
		await appendOwn(this.#log, streamOf(id), { type, data }, version < 0 ? "any" : version);
		return { token: await this.#known(id), text };
	}

	async #known(id: string): Promise<Token> {
		const token = await this.#tokens.get(id);
		if (token === undefined) throw new Refusal("token-not-found", { id: id.slice(0, 64) });
		return token;
	}
}

function faultOf(facts: TokenFacts): [string, string] | undefined {
	const isPast = facts.expires !== undefined && facts.expires <= Date.now();
	return factsFault(facts) ?? (isPast ? ["expires", "it is in the past"] : undefined);
}
