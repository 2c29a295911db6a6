// diagram: a machine as Mermaid text, the same that the documentation shows.
import { Argument, Command } from 'commander';
import { applicationMachine } from '../../machines/application.ts';
import { mermaidOf } from '../../machines/diagram.ts';
import { importMachine } from '../../machines/import.ts';
import { matchingMachine } from '../../machines/matching.ts';
import { print } from './output.ts';

const machines = {
  matching: () => mermaidOf(matchingMachine),
  application: () => mermaidOf(applicationMachine),
  import: () => mermaidOf(importMachine),
};

export function drawCommand(): Command {
  return new Command('diagram')
    .description('print a machine as Mermaid text')
    .addArgument(new Argument('<machine>', 'which one').choices(Object.keys(machines)))
    .action((machine: keyof typeof machines) => print(machines[machine]().trimEnd()));
}
