using System.Text;
using Akka.Actor;
using Akka.Hosting;
using Vla.Actors;
using Vla.Actors.Instructions;
using Vla.Runtime.Robots;

namespace Vla.Runtime.Hosting;

/// <summary>Takes instructions from standard input: typed at a prompt below the live view, or line by line from a pipe.</summary>
/// <remarks>Reading blocks and cannot be cancelled, so it has a background thread that ends with the process.</remarks>
public sealed partial class InstructionConsole(
    IRequiredActor<InstructionActor> instructions, ConsoleScreen? screen, ILogger<InstructionConsole> logger) : IHostedService
{
    private const string Prompt = "instruction> ";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var interactive = screen is not null && !Console.IsInputRedirected;
        new Thread(interactive ? ReadKeys : ReadLines) { Name = "vla-instructions", IsBackground = true }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void ReadKeys()
    {
        var line = new PromptLine(Prompt);
        while (true)
        {
            screen!.ShowPrompt(line.Text);
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
        if (InstructionText.TryRead(utf8, out var text, out var problem))
            instructions.ActorRef.Tell(new GiveInstruction(text), ActorRefs.NoSender);
        else
            Log.Refused(logger, problem);
    }

    private static partial class Log
    {
        [LoggerMessage(40, LogLevel.Warning, "{Problem}; the last good instruction stays")]
        public static partial void Refused(ILogger logger, string problem);
    }
}
