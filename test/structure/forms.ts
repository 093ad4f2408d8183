/** The forms that code takes: what a type, a function and a thing with a lifetime look like. */
import { type Node, nodesOf, type Source } from "./source.ts";

const FUNCTION = /Function(Declaration|Expression)$|^Constructor$|Method$|^(Method|Getter|Setter)P/;

export function isFunction({ type }: Node): boolean {
	return FUNCTION.test(type);
}

export function nodesWhere(
	found: (node: Node) => boolean,
	what: string,
): (source: Source) => string[] {
	return ({ nodes, lineOf }) =>
		nodes.filter(found).map(({ span }) => `:${lineOf(span?.start ?? 0)}: ${what}`);
}

export const READABLE_TYPES: readonly (readonly [(node: Node) => boolean, string])[] = [
	[({ type }) => type === "TsEnumDeclaration", "an enum; use a union of words"],
	[({ type }) => type === "TsModuleDeclaration", "a namespace; files are namespaces"],
	[({ type }) => type === "Decorator", "a decorator; call the function"],
	[({ type }) => type === "TsParameterProperty", "a parameter property; write the field"],
	[({ type }) => type === "TsConditionalType", "a conditional type; name both types"],
	[isOverload, "an overload; give it a name of its own"],
	[hasTypeParameters, "more than one type parameter; fix the others"],
];

/** A signature without a body, which is followed by the function it is for. */
function isOverload({ type, body, declare }: Node): boolean {
	return type === "FunctionDeclaration" && body == null && declare !== true;
}

function hasTypeParameters({ type, parameters }: Node): boolean {
	return type === "TsTypeParameterDeclaration" && (parameters as unknown[]).length > 1;
}

/** What has a lifetime is a class: an object literal with a `close` is a closure instead. */
export function closingLiterals({ nodes, lineOf }: Source): string[] {
	const members = nodes
		.filter(({ type }) => type === "ObjectExpression")
		.flatMap(({ properties }) => properties as Node[])
		.filter((member) => nameOf(member) === "close");
	return members.map(
		(member) =>
			`:${lineOf(startOf(member))}: an object literal with a close(); ` +
			"what has a lifetime is a class that keeps its state in #private fields",
	);
}

/** What keeps state is a class: a function that returns functions sharing a `let` is not one. */
export function statefulClosures({ nodes, lineOf }: Source): string[] {
	return nodes.filter(isFunction).flatMap((node) => {
		const body = (node.function as Node | undefined)?.body ?? node.body;
		const statements = ((body as Node | undefined)?.stmts ?? []) as Node[];
		const state = statements.filter(isLet).flatMap(namesIn);
		const changed = statements
			.flatMap((statement) => [...nodesOf(statement)])
			.filter(isFunction)
			.flatMap((inner) => [...nodesOf(inner)].flatMap(assignedIn));
		const kept = state.find((name) => changed.includes(name));
		if (kept === undefined || !statements.some(returnsFunctions)) return [];
		return [
			`:${lineOf(node.span?.start ?? 0)}: functions that share the variable ${kept} are returned; ` +
				"what keeps state is a class with #private fields",
		];
	});
}

function isLet({ type, kind }: Node): boolean {
	return type === "VariableDeclaration" && kind === "let";
}

function namesIn({ declarations }: Node): string[] {
	return (declarations as { id: Node }[]).map(({ id }) => String(id.value));
}

function assignedIn({ type, left, argument }: Node): string[] {
	if (type === "AssignmentExpression") return [String((left as Node).value)];
	return type === "UpdateExpression" ? [String((argument as Node).value)] : [];
}

/** Whether it returns an object literal that has a function, or an inner function by its name. */
function returnsFunctions({ type, argument }: Node): boolean {
	const returned = argument as Node | undefined;
	if (type !== "ReturnStatement" || returned?.type !== "ObjectExpression") return false;
	return (returned.properties as Node[]).some(
		(member) => isFunction(member) || isFunction((member.value as Node | undefined) ?? member),
	);
}

function nameOf({ type, key, value }: Node): unknown {
	return type === "Identifier" ? value : (key as { value?: unknown } | undefined)?.value;
}

function startOf({ span, key }: Node): number {
	return (span ?? (key as Node).span)?.start ?? 0;
}
