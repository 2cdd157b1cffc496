using Vla.Actors.Control;
using Vla.Runtime.Recording;
using Vla.Runtime.Teleoperation;

namespace Vla.Runtime.Hosting;

/// <summary>
/// What somebody who leads or records asks for with single keys, on the page, or with buttons of what leads.
/// </summary>
/// <param name="control">Is stopped and goes on.</param>
/// <param name="recording">Records episodes; null where none are recorded.</param>
/// <param name="leads">Takes the keys that are left; null where nobody leads.</param>
/// <param name="feed">Begins and ends corrections; null where nobody leads.</param>
/// <param name="quit">Ends the program in good order.</param>
internal sealed class OperatorDesk(
    ControlLoop control,
    LiveRecording? recording,
    ITeleoperator? leads,
    TeleopFeed? feed,
    Action quit
)
{
    /// <summary>Why a robot stops that was stopped here.</summary>
    private const string ByKey = "stopped by an operator";

    /// <summary>Whether single keys are taken, and no lines of text.</summary>
    public bool TakesKeys => HasSession || leads is not null;

    /// <summary>Whether episodes are recorded one after the other.</summary>
    public bool HasSession => recording is { IsSession: true };

    /// <summary>Whether there is a policy that can be corrected.</summary>
    public bool CanCorrect => leads is not null && feed is { IsCorrection: true };

    /// <summary>Whether somebody corrects it.</summary>
    public bool Corrects => feed is { Corrects: true };

    /// <summary>What there is to press, a line for each.</summary>
    public IReadOnlyList<string> Help
    {
        get
        {
            List<string> lines = [];
            if (HasSession)
            {
                lines.Add("n, Enter or →   keeps the episode; between episodes, begins the next");
                lines.Add("r or ←          records the episode again; between episodes, takes back the one before");
                if (recording?.Read().Session is { Succeeded: not null })
                    lines.Add("f               keeps the episode as one that failed");
                lines.Add("q               keeps the episode under way, and ends");
            }
            else
            {
                lines.Add("q               ends");
            }

            if (CanCorrect)
                lines.Add("c or Tab        corrects what the policy does, and leaves it to the policy again");
            lines.Add("x               stops the robot, and lets it go on");
            if (leads is { Help.Length: > 0 })
                lines.Add(leads.Help);
            return lines;
        }
    }

    /// <summary>How it stands, in a line.</summary>
    public string Words
    {
        get
        {
            var session = recording?.Read().Session?.Words;
            var lost = leads?.Lost;
            var correction = Corrects ? "YOU LEAD · c leaves it to the policy" : null;
            var words = string.Join(" · ", new[] { lost, correction, session }.OfType<string>());
            return words.Length > 0 ? words : "q ends, ? says what to press";
        }
    }

    /// <summary>Takes a key.</summary>
    /// <returns>What to say to whoever pressed it; empty for nothing.</returns>
    public IReadOnlyList<string> Press(ConsoleKeyInfo key)
    {
        switch (key)
        {
            case { KeyChar: 'n' or 'N' } or { Key: ConsoleKey.Enter or ConsoleKey.RightArrow }:
                Ask(TeleopRequest.Next);
                break;
            case { KeyChar: 'r' or 'R' } or { Key: ConsoleKey.Backspace or ConsoleKey.LeftArrow }:
                Ask(TeleopRequest.Again);
                break;
            case { KeyChar: 'f' or 'F' }:
                Ask(EpisodeCommand.Failed);
                break;
            case { KeyChar: 'q' or 'Q' }:
                Ask(TeleopRequest.End);
                break;
            case { KeyChar: 'c' or 'C', Modifiers: 0 or ConsoleModifiers.Shift } or { Key: ConsoleKey.Tab }:
                Ask(TeleopRequest.Correct);
                break;
            case { KeyChar: 'x' or 'X' }:
                Ask(TeleopRequest.Stop);
                break;
            case { KeyChar: '?' }:
                return Help;
            default:
                leads?.Press(key);
                break;
        }

        return [];
    }

    /// <summary>Takes a line where there is no terminal: <c>/next</c>, <c>/again</c>, <c>/failed</c>,
    /// <c>/end</c>, <c>/correct</c>.</summary>
    /// <returns>False when it is no such line.</returns>
    public bool TryTake(string line)
    {
        switch (line.Trim().ToLowerInvariant())
        {
            case "/next" when HasSession:
                Ask(TeleopRequest.Next);
                return true;
            case "/again" when HasSession:
                Ask(TeleopRequest.Again);
                return true;
            case "/failed" when HasSession:
                Ask(EpisodeCommand.Failed);
                return true;
            case "/end" when TakesKeys:
                Ask(TeleopRequest.End);
                return true;
            case "/correct" when CanCorrect:
                Ask(TeleopRequest.Correct);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Does what was asked for.</summary>
    public void Ask(TeleopRequest request)
    {
        switch (request)
        {
            case TeleopRequest.Next:
                Ask(EpisodeCommand.Next);
                break;
            case TeleopRequest.Again:
                Ask(EpisodeCommand.Again);
                break;
            case TeleopRequest.End when HasSession:
                Ask(EpisodeCommand.End);
                break;
            case TeleopRequest.End:
                quit();
                break;
            case TeleopRequest.Correct when CanCorrect && feed is not null:
                feed.Corrects = !feed.Corrects;
                break;
            case TeleopRequest.Stop when control.NeedsResume:
                control.Resume();
                break;
            case TeleopRequest.Stop:
                control.Stop(ByKey);
                break;
        }
    }

    /// <summary>Asks the recording.</summary>
    public void Ask(EpisodeCommand command) => recording?.Ask(command);
}
