using System.CommandLine;

namespace Vla.Runtime.Commands;

/// <summary>
/// <c>vla publish</c>: stands in the help; the work is done by the launcher, which has the sources and the SDK.
/// </summary>
internal static class PublishCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "Made anew: it must not be there yet, or be empty" };
        var command = new Command(
            "publish",
            "Make a folder that runs by itself, on machines without sources, SDK or libraries; for a service."
        )
        {
            folder,
        };
        command.SetAction(Refuse);
        return command;
    }

    private static int Refuse(ParseResult parsed) =>
        throw new UsageException("a folder is published from the sources, by their launcher script: ./vla publish DIR");
}
