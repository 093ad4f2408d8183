/** Lets requests pass if their principals have the rights that they need. */
import { createHmac, randomBytes } from "node:crypto";
import { isRefusal, Refusal } from "../errors.ts";
import { ALL, type StreamName } from "../event.ts";
import type { HiddenReads, Log, LogReads, StreamEntry } from "../log/log.ts";
import { OF_ADMINS } from "./acl.ts";
import { Acls } from "./acls.ts";
import { Editions } from "./editions.ts";
import { type Allowed, explainAcl } from "./explain.ts";
import { isByAcl, mayPrincipal } from "./policy.ts";
import { ANONYMOUS, type Principal } from "./principal.ts";
import { decidingOn, PermittedReads, ReadsWhile, verdictsOn } from "./reads.ts";
import { type Needed, neededFor } from "./rights.ts";

/** The streams that somebody may read, and their events as they may be read. */
export type Viewer = {
	readonly mayRead: (stream: StreamName) => boolean | Promise<boolean>;
	readonly reads: LogReads;
};

const WORD_DIGITS = 16;
const READ = { right: "read" } as const;

/** Who else gets a document as it is. */
export type Sharing = {
	/** Whether every client that may read its stream is shown the same. */
	readonly isSame: boolean;
	/** Whether anonymous clients are, where the server lets them in. */
	readonly isPublic: boolean;
};

/** Listens to the log until it is closed. */
export class Access {
	readonly #log: Log;
	readonly #acls: Acls;
	readonly #editions: Editions;
	readonly #isOpen: boolean;
	/** Another process may not know yet that an ACL names a user. */
	readonly #key = randomBytes(32);

	/** @param isOpen whether the server lets in clients without credentials */
	constructor(log: Log, hidden: HiddenReads, isOpen: boolean) {
		this.#log = log;
		this.#isOpen = isOpen;
		this.#acls = new Acls(log, hidden, isOpen);
		this.#editions = new Editions(log);
	}

	/**
	 * Lets a principal pass if it has what it needs: at once if the stream's ACL is known.
	 * @throws Refusal `unauthorized`, and as a read of the log
	 */
	permit(principal: Principal, needed: Needed): void | Promise<void> {
		const may = this.may(principal, needed);
		if (may === true) return;
		if (may === false) throw denied(principal);
		return may.then((later) => {
			if (!later) throw denied(principal);
		});
	}

	/** Whether `permit` lets it pass. */
	may(principal: Principal, { right, stream }: Needed): boolean | Promise<boolean> {
		if (principal.holds?.() === false) return false;
		if (principal.isAdmin || !isByAcl(right) || stream === undefined) {
			return mayPrincipal(principal, right, stream, OF_ADMINS);
		}
		const acl = this.#acls.of(stream as StreamName);
		if (!(acl instanceof Promise)) return mayPrincipal(principal, right, stream, acl);
		return acl.then((later) => mayPrincipal(principal, right, stream, later));
	}

	/** As `may`, if that is known at once; false if not, so that a page offers too little. */
	mayNow(principal: Principal, needed: Needed): boolean {
		const may = this.may(principal, needed);
		// Nobody waits for it, so nobody would hear that it failed.
		if (typeof may !== "boolean") may.catch(() => undefined);
		return may === true;
	}

	/** Who may do what on a stream, and why. */
	explain(stream: StreamName): Promise<readonly Allowed[]> {
		return explainAcl(this.#log, stream, this.#isOpen);
	}

	/** The log as a principal may read it, as long as it is one. */
	readsFor(principal: Principal): LogReads {
		if (seesAll(principal)) {
			const { holds } = principal;
			return holds === undefined ? this.#log : new ReadsWhile(this.#log, holds);
		}
		const read = (stream: StreamName) => neededFor(READ, { stream });
		return new PermittedReads(this.#log, {
			permit: (stream) => this.permit(principal, read(stream)),
			may: (stream) => this.may(principal, read(stream)),
		});
	}

	/**
	 * The same for a principal who goes through all streams: `$all` takes no right of its own, and
	 * hands out what they may read.
	 */
	scansFor(principal: Principal): LogReads {
		if (seesAll(principal)) return this.#log;
		const read = (stream: StreamName) => neededFor(READ, { stream });
		return new PermittedReads(this.#log, {
			permit: (stream) => (stream === ALL ? undefined : this.permit(principal, read(stream))),
			may: (stream) => this.may(principal, read(stream)),
		});
	}

	/** What lists show to a principal; undefined for all there is. */
	listsFor(principal: Principal): Viewer | undefined {
		if (seesAll(principal)) return undefined;
		const mayRead = (stream: StreamName) => this.may(principal, neededFor(READ, { stream }));
		return { mayRead, reads: this.readsFor(principal) };
	}

	/**
	 * Whether a principal may learn that something is about a stream of this name: who reads the
	 * stream may, and who runs the server.
	 */
	async mayKnow(principal: Principal, stream: string): Promise<boolean> {
		if (await this.may(principal, { right: "operate", stream: undefined })) return true;
		return this.may(principal, neededFor(READ, { stream }));
	}

	/**
	 * Who else gets a document that shows these entries of a stream.
	 * @param isWhole whether its reader sees all that stands there
	 */
	async sharingOf(
		stream: StreamName,
		entries: readonly StreamEntry[],
		isWhole: boolean,
	): Promise<Sharing> {
		const ask = (one: StreamName) => this.#mayEveryone(one);
		const deciding = entries.map((entry) => decidingOn(stream, entry));
		const verdicts = isWhole ? [...(await verdictsOn(deciding, ask)).values()] : [];
		const isSame = isWhole && verdicts.every((may) => may);
		return { isSame, isPublic: isSame && this.#isOpen && (await ask(stream)) };
	}

	/** Nothing is everybody's if nobody can know whose it is: who sees all sees it nevertheless. */
	#mayEveryone(stream: StreamName): boolean | Promise<boolean> {
		const may = this.may(ANONYMOUS, neededFor(READ, { stream }));
		if (typeof may === "boolean") return may;
		return may.catch((error: unknown) => {
			if (isRefusal(error, "log-damaged")) return false;
			throw error;
		});
	}

	/** Whether anonymous clients may read a stream, as far as that is known at once. */
	isPublicNow(stream: StreamName): boolean {
		return this.#isOpen && this.mayNow(ANONYMOUS, neededFor(READ, { stream }));
	}

	/**
	 * The word that all principals share who have the same rights on every stream whose ACL the
	 * server has seen.
	 */
	classOf({ rights, name }: Principal): string {
		return rights === "admin" || !this.#acls.names(name) ? rights : `${rights} ${name}`;
	}

	/**
	 * The same in a word that tells nobody's name, for caches in front: what they keep of a stream
	 * under it was made by this process for a client of this class, in this edition of the stream, as
	 * `answering/document.ts` sees to.
	 */
	wordOf(principal: Principal, stream: StreamName): string {
		const text = `${this.#editions.of(stream)} ${this.classOf(principal)}`;
		return createHmac("sha256", this.#key).update(text).digest("hex").slice(0, WORD_DIGITS);
	}

	close(): void {
		this.#acls.close();
		this.#editions.close();
	}
}

/** Whether nothing is left out for a principal, whatever the ACLs are. */
export function seesAll({ isAdmin, scope }: Principal): boolean {
	return isAdmin && scope === undefined;
}

function denied({ via }: Principal): Refusal<"unauthorized"> {
	return new Refusal("unauthorized", { cause: via === "anonymous" ? "anonymous" : "denied" });
}
