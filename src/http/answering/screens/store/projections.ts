/** Projections as the screens see them, for one visitor. */
import type { Principal } from "../../../../access/principal.ts";
import { neededFor, type Right } from "../../../../access/rights.ts";
import { Refusal } from "../../../../errors.ts";
import {
	type PartitionsAsked,
	pageOfPartitions,
} from "../../../../projections/asking/partitions.ts";
import { ask } from "../../../../projections/asking/question.ts";
import { debug } from "../../../../projections/asking/steps.ts";
import { parseProjectionName, resultStream } from "../../../../projections/names.ts";
import type { Projection } from "../../../../projections/projection.ts";
import { DEFAULTS } from "../../../../projections/settings.ts";
import type {
	ProjectionCommand,
	ProjectionWanted,
	ShownProjections,
} from "../../../../projections/shown.ts";
import { systemProjection } from "../../../../projections/system.ts";
import type { Context } from "../../../context.ts";
import { authorFor, isAuthor } from "../../../request/author.ts";
import { performRecorded, performTold, type Recording } from "../recording.ts";

/** A page waits for no longer. */
const DEBUG_MS = 10_000;
const TOLD: Readonly<Record<ProjectionCommand, string>> = {
	enable: "projection-enabled",
	disable: "projection-disabled",
	reset: "projection-reset",
	delete: "projection-deleted",
};

export function projectionsFor(
	context: Context,
	principal: Principal,
	record: Recording,
): ShownProjections {
	return new ProjectionsOfVisitor(context, principal, record);
}

class ProjectionsOfVisitor implements ShownProjections {
	readonly #context: Context;
	readonly #principal: Principal;
	readonly #record: Recording;

	constructor(context: Context, principal: Principal, record: Recording) {
		this.#context = context;
		this.#principal = principal;
		this.#record = record;
	}

	async list() {
		this.#need("authenticated");
		return this.#context.projections.standings();
	}

	async details(name: string) {
		this.#need("authenticated");
		const { projections } = this.#context;
		const standing = await projections.standing(name);
		const system = systemProjection(name);
		if (system) {
			const { query } = system;
			return { standing, query, settings: undefined, mayChange: this.#may("operate") };
		}
		const projection = await projections.get(name);
		const { query, settings } = projection.definition;
		return { standing, query, settings, mayChange: this.#mayChange(projection) };
	}

	async create({ name, mode, query, emits }: ProjectionWanted) {
		this.#need(mode === "Transient" ? "authenticated" : "operate");
		const wanted = {
			name: name === "" && mode !== "Continuous" ? undefined : parseProjectionName(name),
			mode,
			query,
			isEnabled: true,
			settings: { ...DEFAULTS, emitEnabled: emits && mode !== "Transient" },
			author: authorFor(this.#principal),
		};
		return performRecorded(
			() => this.#context.projections.create(wanted),
			async (made, failed) => {
				if (mode === "Transient") return;
				await this.#record("projection-created", made ?? name, failed);
			},
		);
	}

	async update(name: string, query: string) {
		await this.#needChange(name);
		const author = authorFor(this.#principal);
		await performTold(this.#record, { what: "projection-changed", about: name }, () =>
			this.#context.projections.update(name, (before) => {
				return { ...before, query, author, version: before.version + 1 };
			}),
		);
	}

	async command(name: string, command: ProjectionCommand) {
		await this.#needChange(name);
		const { projections } = this.#context;
		await performTold(this.#record, { what: TOLD[command], about: name }, () => {
			if (command === "enable") return projections.enable(name);
			if (command === "disable") return projections.disable(name, true);
			if (command === "reset") return projections.reset(name);
			return projections.delete(name, { state: false, checkpoint: true, emitted: false });
		});
	}

	async partitions(name: string, asked: PartitionsAsked) {
		const projection = await this.#looked(name);
		return pageOfPartitions(await projection.keptNow(), asked);
	}

	async steps(name: string, from: number, count: number) {
		const { definition } = await this.#looked(name);
		const { own, around } = this.#context.projections;
		const parts = { own, scripts: around.scripts, rights: around.rights };
		const range = { from, count, asker: authorFor(this.#principal) };
		return debug(parts, definition, range, AbortSignal.timeout(DEBUG_MS));
	}

	async *ask(query: string, msMax: number) {
		this.#need("authenticated");
		const { projections, searches } = this.#context;
		const { own, around } = projections;
		const parts = { own, scripts: around.scripts, rights: around.rights };
		const asked = { query, author: authorFor(this.#principal) };
		yield* searches.among((most) => ask(parts, asked, Math.min(most, msMax)));
	}

	/** Neither right is one on a stream, so that they are known at once. */
	#may(right: Right): boolean {
		return this.#context.access.mayNow(this.#principal, neededFor({ right }, { stream: "" }));
	}

	#need(right: Right): void {
		if (!this.#may(right)) throw new Refusal("unauthorized", { cause: "denied" });
	}

	#mayChange({ definition: { mode, author } }: Projection): boolean {
		if (this.#may("operate")) return true;
		return mode === "Transient" && isAuthor(this.#principal, author);
	}

	async #needChange(name: string): Promise<void> {
		this.#need("authenticated");
		const { projections } = this.#context;
		if (systemProjection(name)) this.#need("operate");
		else if (!this.#mayChange(await projections.get(name))) this.#need("operate");
	}

	async #looked(name: string): Promise<Projection> {
		this.#need("authenticated");
		const projection = await this.#context.projections.get(name);
		const { author } = projection.definition;
		const isOwn = isAuthor(this.#principal, author) || this.#may("operate");
		if (this.#principal.scope === undefined && isOwn) return projection;
		const needed = neededFor({ right: "read" }, { stream: resultStream(name, "") });
		await this.#context.access.permit(this.#principal, needed);
		return projection;
	}
}
