using System.CommandLine;

namespace Vla.Runtime.Commands;

/// <summary>
/// <c>vla test</c>: stands in the help; the work is done by the launcher, which builds before it tests.
/// </summary>
internal static class TestCommand
{
    public static Command Create()
    {
        var arguments = new Argument<string[]>("arguments")
        {
            Description = "Passed on to dotnet test: --filter FullyQualifiedName~Publishing",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("test", "Build everything and run all tests; the last line counts them.")
        {
            arguments,
        };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(Refuse);
        return command;
    }

    private static int Refuse(ParseResult parsed) =>
        throw new UsageException("tests are run from the sources, by their launcher script: ./vla test");
}
