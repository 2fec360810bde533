import type { Template } from 'aws-cdk-lib/assertions';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/**
 * Everything that the role with this logical id may do, as sorted lines `action on resource`. Fails on what such
 * a line could not show: a Deny, a condition, a managed policy, a policy written into the role.
 */
export function permissionsOf(template: Template, roleId: string): string[] {
  const role = template.findResources('AWS::IAM::Role')[roleId];
  if (role === undefined) throw new Error(`The template has no role ${roleId}.`);
  if ('ManagedPolicyArns' in role['Properties'] || 'Policies' in role['Properties']) {
    throw new Error(`The role ${roleId} has policies besides the AWS::IAM::Policy resources that name it.`);
  }
  const lines: string[] = [];
  for (const policy of Object.values(template.findResources('AWS::IAM::Policy'))) {
    const attached: readonly { Ref: string }[] = policy['Properties'].Roles;
    if (!attached.some((reference) => reference.Ref === roleId)) continue;
    const statements: readonly Statement[] = policy['Properties'].PolicyDocument.Statement;
    for (const statement of statements) lines.push(...linesOf(statement));
  }
  return lines.sort();
}

function linesOf(statement: Statement): string[] {
  if (statement.Effect !== 'Allow' || statement.Condition !== undefined) {
    throw new Error(`Not a plain Allow: ${JSON.stringify(statement)}`);
  }
  return [statement.Action]
    .flat()
    .flatMap((action) =>
      [statement.Resource].flat().map((resource) => `${action} on ${JSON.stringify(resource)}`),
    );
}
