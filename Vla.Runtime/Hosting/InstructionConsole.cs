using System.Text;
using Vla.Actors.Instructions;
using Vla.Runtime.Outputs;

namespace Vla.Runtime.Hosting;

/// <summary>
/// Takes what an operator writes on standard input: typed at a prompt below the live view, or line by line from a pipe.
/// </summary>
/// <remarks>
/// Words are instructions, or a stop; what begins with <c>/</c> is a command (<see cref="OperatorInput.Help"/>).
/// Reading blocks and cannot be cancelled, so it has a background thread that ends with the process. It waits for no
/// answer: a stop is taken also while an earlier instruction has not been answered.
/// </remarks>
internal sealed partial class InstructionConsole(
    OperatorInput operatorInput,
    OperatorDesk desk,
    ConsoleScreen? screen,
    ILogger<InstructionConsole> logger
) : IHostedService
{
    private const string Prompt = "instruction> ";

    private static readonly TimeSpan PromptAgain = TimeSpan.FromSeconds(0.5);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var takesKeys = desk.TakesKeys && !Console.IsInputRedirected;
        var interactive = takesKeys || (screen is not null && !Console.IsInputRedirected);
        if (interactive)
            TerminalSettings.Save();
        new Thread(() =>
            Guarded(
                takesKeys ? ReadSingleKeys
                : interactive ? ReadKeys
                : ReadLines
            )
        )
        {
            Name = "vla-instructions",
            IsBackground = true,
        }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Nothing that happens to standard input ends the run: a terminal that is gone, a pipe that breaks.
    /// </summary>
    private void Guarded(Action read)
    {
        try
        {
            read();
        }
        catch (Exception exception)
            when (exception is IOException or InvalidOperationException or UnauthorizedAccessException)
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
            if (TerminalSettings.IsGone)
                throw new IOException("the terminal is gone");
            if (line.Handle(Console.ReadKey(intercept: true)) is { } text)
                Take(Encoding.UTF8.GetBytes(text));
        }
    }

    /// <summary>Keys do what they do at once: whoever leads a robot has no time for lines.</summary>
    private void ReadSingleKeys()
    {
        if (screen is null)
            SayAll(desk.Help);
        using var refresh = screen is null
            ? null
            : new Timer(_ => screen.ShowPrompt(desk.Words), null, TimeSpan.Zero, PromptAgain);
        while (true)
        {
            if (TerminalSettings.IsGone)
                throw new IOException("the terminal is gone");
            SayAll(desk.Press(Console.ReadKey(intercept: true)));
        }
    }

    private void SayAll(IReadOnlyList<string> lines)
    {
        foreach (var line in lines)
            Say(LogLevel.Information, line);
    }

    private void ReadLines()
    {
        using var input = Console.OpenStandardInput();
        foreach (var line in Utf8Lines.Read(input, InstructionText.MaximumBytes))
            Take(line);
    }

    private void Take(byte[] utf8)
    {
        // Before anything else is asked of it: a stop with a damaged character in it is a stop.
        if (!InstructionText.TryDecode(utf8, out var text, out var problem) && !StopWords.Mean(text))
            Say(LogLevel.Warning, problem);
        else if (!string.IsNullOrWhiteSpace(text) && !desk.TryTake(text))
            _ = AnswerAsync(text);
    }

    private async Task AnswerAsync(string text)
    {
        var answer = await operatorInput.TakeAsync(text, atPrompt: true);
        switch (answer.Kind)
        {
            // The instruction actor has logged these, for whoever gave them.
            case OperatorAnswerKind.Given when logger.IsEnabled(LogLevel.Information):
            case OperatorAnswerKind.Refused
                when logger.IsEnabled(LogLevel.Warning) && !text.TrimStart().StartsWith('/'):
                break;
            case OperatorAnswerKind.Refused or OperatorAnswerKind.Failed or OperatorAnswerKind.NotStopped:
                Say(LogLevel.Warning, answer.Text);
                break;
            default:
                foreach (var line in answer.Text.Split('\n'))
                    Say(LogLevel.Information, line);
                break;
        }
    }

    /// <summary>Answers whoever typed it, also where the log is told to leave such lines out.</summary>
    private void Say(LogLevel level, string line)
    {
        if (screen is not null)
            screen.WriteLine(line);
        else
            Log.Answer(logger, level, line);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 40, Message = "{Answer}")]
        public static partial void Answer(ILogger logger, LogLevel level, string answer);

        [LoggerMessage(42, LogLevel.Warning, "no instructions from standard input any more: {Reason}")]
        public static partial void Unreadable(ILogger logger, string reason);
    }
}
