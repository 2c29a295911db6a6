// Questions about expressions that need no types: what they contain.
import type { Expression } from '../ast.ts';

/** The direct parts; a subquery has none, since it sees no column of the row outside. */
export function parts(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'call':
      return expression.args.map(({ value }) => value);
    case 'cast':
    case 'negate':
    case 'not':
    case 'is-null':
    case 'member':
      return [expression.value];
    case 'binary':
      return [expression.left, expression.right];
    case 'in':
      return [expression.value, expression.list];
    case 'like':
      return [expression.value, expression.pattern];
    case 'case':
      return [
        ...expression.branches.flatMap(({ when, result }) => [when, result]),
        ...(expression.otherwise === null ? [] : [expression.otherwise]),
      ];
    case 'tuple':
      return expression.items;
    case 'literal':
    case 'column':
    case 'variable':
    case 'nothing':
    case 'subquery':
    case 'exists':
      break;
  }
  return [];
}

export function some(expression: Expression, test: (part: Expression) => boolean): boolean {
  return test(expression) || parts(expression).some((part) => some(part, test));
}

export function usesColumns(expression: Expression): boolean {
  return some(expression, ({ kind }) => kind === 'column');
}

export function conjuncts(expression: Expression | null): readonly Expression[] {
  if (expression === null) return [];
  if (expression.kind !== 'binary' || expression.operator !== 'AND') return [expression];
  return [...conjuncts(expression.left), ...conjuncts(expression.right)];
}

export function collect(expression: Expression, found: (part: Expression) => void): void {
  found(expression);
  for (const part of parts(expression)) collect(part, found);
}
