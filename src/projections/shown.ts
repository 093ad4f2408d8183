/** Projections as a page for people shows and changes them. */
import type { PartitionsAsked, PartitionsPage } from "./asking/partitions.ts";
import type { QuestionStep } from "./asking/question.ts";
import type { Debugged } from "./asking/steps.ts";
import type { Mode } from "./definition.ts";
import type { ProjectionSettings } from "./settings.ts";
import type { Standing } from "./status.ts";

/** For one visitor. Each member refuses as the request for programs does. */
export interface ShownProjections {
	/** The system's first, then in the order of their creation. @throws Refusal `unauthorized` */
	list(): Promise<readonly Standing[]>;
	/** @throws Refusal `unauthorized`, `projection-not-found` */
	details(name: string): Promise<ProjectionDetails>;
	/** @returns its name */
	create(wanted: ProjectionWanted): Promise<string>;
	/** Replaces the query. */
	update(name: string, query: string): Promise<void>;
	command(name: string, command: ProjectionCommand): Promise<void>;
	/** @throws Refusal `unauthorized` if they may not see its states */
	partitions(name: string, asked: PartitionsAsked): Promise<PartitionsPage>;
	/** What each event does, from a position on. */
	steps(name: string, from: number, count: number): Promise<Debugged>;
	/**
	 * Runs a query over all events, and tells what comes of it.
	 * @param msMax for a page that waits for less than the server gives it
	 * @throws Refusal `unauthorized`, `overloaded`, `invalid-projection`
	 */
	ask(query: string, msMax: number): AsyncGenerator<QuestionStep>;
}

/** `delete` takes its states with it. */
export type ProjectionCommand = "enable" | "disable" | "reset" | "delete";

export type ProjectionDetails = {
	readonly standing: Standing;
	readonly query: string;
	/** Undefined of a system projection. */
	readonly settings: ProjectionSettings | undefined;
	/** Whether this visitor may change it. */
	readonly mayChange: boolean;
};

export type ProjectionWanted = {
	readonly name: string;
	readonly mode: Mode;
	readonly query: string;
	readonly emits: boolean;
};
