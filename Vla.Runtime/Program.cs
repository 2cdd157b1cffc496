using System.CommandLine;
using System.CommandLine.Invocation;
using Vla.Runtime;
using Vla.Runtime.Commands;

var root = new RootCommand("Vla runs vision-language-action policies: a camera and an instruction in, robot actions out.")
{
    RunCommand.Create(),
    CamerasCommand.Create(),
    ModelCommand.Create(),
    ForwardCommand.Create(),
    ImportCommand.Create(),
    TrainCommand.Create(),
    RecordCommand.Create(),
    DatasetCommand.Create(),
    EvalCommand.Create(),
    BenchCommand.Create(),
    DoctorCommand.Create(),
    TestCommand.Create(),
};

try
{
    var parsed = root.Parse(args.Length > 0 ? args : ["--help"]);
    if (parsed is { Errors: [.., var error], Action: ParseErrorAction })
    {
        var command = string.Join(' ', parsed.CommandResult.Command == root ? ["vla"] : ["vla", parsed.CommandResult.Command.Name]);
        throw new UsageException($"{error.Message.ReplaceLineEndings(" ")} See {command} --help");
    }

    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception exception) when (ExitCodes.For(exception) is { } code)
{
    Console.Error.WriteLine($"vla: {exception.Message}");
    return code;
}
catch (Exception exception) when (exception is not OperationCanceledException)
{
    // A defect of ours: one line for the user, with the place for whoever mends it.
    var place = exception.StackTrace?.Split('\n')[0].Trim();
    Console.Error.WriteLine($"vla: unexpected {exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")} ({place})");
    return ExitCodes.Failure;
}
