/** Lets requests pass if their principals have the rights that they need. */
import { Refusal } from "../errors.ts";
import type { StreamName } from "../event.ts";
import type { Log } from "../log/log.ts";
import { type Acl, OF_ADMINS } from "./acl.ts";
import { Acls } from "./acls.ts";
import { isByAcl, mayPrincipal } from "./policy.ts";
import type { Principal } from "./principal.ts";
import type { Needed } from "./rights.ts";

/** Listens to the log until it is closed. */
export class Access {
	readonly #acls: Acls;

	/** @param isOpen whether everyone may read `$all`, as far as they may read its entries */
	constructor(log: Log, isOpen: boolean) {
		this.#acls = new Acls(log, isOpen);
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
		if (principal.isAdmin || !isByAcl(right) || stream === undefined) {
			return mayPrincipal(principal, right, stream, OF_ADMINS);
		}
		const of = (acl: Acl) => mayPrincipal(principal, right, stream, acl);
		const acl = this.#acls.of(stream as StreamName);
		return acl instanceof Promise ? acl.then(of) : of(acl);
	}

	/** As `may`, if that is known at once; false if not, so that a page offers too little. */
	mayNow(principal: Principal, needed: Needed): boolean {
		return this.may(principal, needed) === true;
	}

	/** The word that all principals share who have the same rights on every stream. */
	classOf({ rights, name }: Principal): string {
		return name === "" || rights === "admin" ? rights : `${rights} ${name}`;
	}

	close(): void {
		this.#acls.close();
	}
}

function denied({ via }: Principal): Refusal<"unauthorized"> {
	return new Refusal("unauthorized", { cause: via === "anonymous" ? "anonymous" : "denied" });
}
