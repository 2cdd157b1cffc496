using System.Globalization;
using System.Text;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Runtime.Serving;

/// <summary>One evaluation by robo-evals: what is to be done, and the actions that are left of a chunk.</summary>
internal sealed class RoboEvalsRun(ServingContext context) : IDisposable
{
    private string _words = "";

    /// <summary>One request at a time.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    public ActionQueue Queue { get; } =
        new(context.Layout.Execute ?? context.Policy.Action.Execution.Execute ?? 1, context.Policy.Action.Dimensions);

    /// <summary>A new episode.</summary>
    /// <param name="body">With the instruction.</param>
    /// <param name="type">What is answered; empty over HTTP.</param>
    public byte[] Reset(WireMap body, string type = "")
    {
        Queue.Clear();
        _words = body.FindText("instruction") ?? "";
        return type.Length == 0 ? "{}"u8.ToArray() : Encoding.UTF8.GetBytes($"{{\"type\": \"{type}\"}}");
    }

    /// <summary>What was seen, with the instruction where it has none of its own.</summary>
    /// <exception cref="WireException">There is none.</exception>
    public WireMap Observation(WireMap body)
    {
        var seen = body.Below("observation/");
        if (seen.Paths.Count == 0)
            throw new WireException($"the message has no 'observation'; it has {body.Describe()}");
        if (_words.Length > 0 && seen.Find("instruction") is null && seen.Find(ObservationReader.Task) is null)
            seen.Add(ObservationReader.Task, new WireItem.Text(_words));
        return seen;
    }

    /// <summary>The next action, as it is answered.</summary>
    /// <exception cref="PolicyException">It has another number than robo-evals takes.</exception>
    public byte[] Action() =>
        Encoding.UTF8.GetBytes($"{{\"action\": [{string.Join(", ", Queue.Next().ToArray().Select(Text))}]}}");

    public void Dispose() => Gate.Dispose();

    private static string Text(float value) => value.ToString("R", CultureInfo.InvariantCulture);
}
