/** An environment variable that the deployment sets. Thrown at cold start, so that a wrong deployment fails at once. */
export function requireEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new Error(
      `Set the environment variable ${name}; for the functions of the stack in lib/cdk/, it does.`,
    );
  }
  return value;
}
