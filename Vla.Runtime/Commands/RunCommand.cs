using System.CommandLine;

namespace Vla.Runtime.Commands;

/// <summary><c>vla run</c>: the controller, until it is told to end.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var flags = new ControllerFlags();
        var command = new Command("run", "Run the controller: camera and instruction in, actions out at a fixed rate.");
        flags.AddTo(command);
        command.SetAction(
            (result, cancellation) => flags.RunAsync(result, new Dictionary<string, string?>(), cancellation)
        );
        return command;
    }
}
