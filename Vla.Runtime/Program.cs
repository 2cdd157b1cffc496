using System.CommandLine;
using System.CommandLine.Invocation;
using Vla.Runtime;
using Vla.Runtime.Commands;
using Vla.Runtime.Hosting;
using Vla.Sensors.Text;

var root = CommandTree.Create();

LastWord.Watch();
ProcessEnd.Now(await RunAsync());

async Task<int> RunAsync()
{
    try
    {
        var parsed = root.Parse(args.Length > 0 ? args : ["--help"]);
        if (parsed is { Errors: [.., var last] errors, Action: ParseErrorAction })
        {
            // Of a flag that is written wrongly what follows it is not known either.
            var error = parsed.UnmatchedTokens is [var unknown, ..]
                ? errors.FirstOrDefault(one => one.Message.Contains($"'{unknown}'", StringComparison.Ordinal)) ?? last
                : last;
            var command = string.Join(
                ' ',
                parsed.CommandResult.Command == root ? ["vla"] : ["vla", parsed.CommandResult.Command.Name]
            );
            throw new UsageException($"{error.Message.ReplaceLineEndings(" ")} See {command} --help");
        }

        // A command without an asynchronous action has nothing to save, and could not be told to.
        using var signals = new TerminationSignals(atOnce: parsed.Action is not AsynchronousCommandLineAction);
        // Without its own handling of signals, which ends the process after 2 s whatever is being saved.
        var how = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return await parsed.InvokeAsync(how, signals.Token);
    }
    catch (Exception exception) when (ExitCodes.For(exception) is { } code)
    {
        return Say(exception.Message, code);
    }
    catch (OperationCanceledException)
    {
        return Say("ended before it was done", ExitCodes.Failure);
    }
    catch (Exception exception)
    {
        return Say(ExitCodes.Describe(exception), ExitCodes.Failure);
    }
}

static int Say(string error, int exitCode)
{
    try
    {
        Console.Error.WriteLine($"{Journal.ErrorMark}vla: {OneLine.Of(error)}");
    }
    catch (IOException)
    {
        // A terminal that is gone: the exit code has to say it.
    }

    return exitCode;
}
