using System.Text;
using Akka.Actor;
using Akka.Hosting;
using Vla.Actors;
using Vla.Actors.Instructions;
using Vla.Runtime.Robots;
using Vla.Runtime.World;

namespace Vla.Runtime.Hosting;

/// <summary>Takes instructions from standard input: typed at a prompt below the live view, or line by line from a pipe.</summary>
/// <remarks>
/// With a simulated world, <c>/new</c> lays the next table and <c>/new 7</c> that of seed 7. Reading blocks and cannot be cancelled, so it
/// has a background thread that ends with the process.
/// </remarks>
public sealed partial class InstructionConsole(
    IRequiredActor<InstructionActor> instructions, ConsoleScreen? screen, WorldEpisodes? world, ILogger<InstructionConsole> logger) : IHostedService
{
    private const string Prompt = "instruction> ";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var interactive = screen is not null && !Console.IsInputRedirected;
        if (interactive) TerminalSettings.Save();
        new Thread(() => Guarded(interactive ? ReadKeys : ReadLines)) { Name = "vla-instructions", IsBackground = true }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Nothing that happens to standard input ends the run: a terminal that is gone, a pipe that breaks.</summary>
    private void Guarded(Action read)
    {
        try
        {
            read();
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            Log.Unreadable(logger, exception.Message);
        }
    }

    private void ReadKeys()
    {
        var line = new PromptLine(Prompt);
        while (true)
        {
            screen!.ShowPrompt(line.Text);
            // Reading keys from a terminal that is gone gives an endless row of them.
            if (TerminalSettings.IsGone) throw new IOException("the terminal is gone");
            if (line.Handle(Console.ReadKey(intercept: true)) is { } text) Take(Encoding.UTF8.GetBytes(text));
        }
    }

    private void ReadLines()
    {
        using var input = Console.OpenStandardInput();
        foreach (var line in Utf8Lines.Read(input, InstructionText.MaximumBytes)) Take(line);
    }

    private void Take(byte[] utf8)
    {
        if (!InstructionText.TryRead(utf8, out var text, out var problem)) Log.Refused(logger, problem);
        else if (world is not null && TableCommand.TryRead(text, out var seed, out problem)) LayTable(world, seed, problem);
        else instructions.ActorRef.Tell(new GiveInstruction(text), ActorRefs.NoSender);
    }

    private void LayTable(WorldEpisodes world, long? seed, string problem)
    {
        if (problem.Length == 0) world.Begin(seed);
        else Log.NoTable(logger, problem);
    }

    private static partial class Log
    {
        [LoggerMessage(40, LogLevel.Warning, "{Problem}; the last good instruction stays")]
        public static partial void Refused(ILogger logger, string problem);

        [LoggerMessage(42, LogLevel.Warning, "no instructions from standard input any more: {Reason}")]
        public static partial void Unreadable(ILogger logger, string reason);

        [LoggerMessage(41, LogLevel.Warning, "{Problem}")]
        public static partial void NoTable(ILogger logger, string problem);
    }
}
