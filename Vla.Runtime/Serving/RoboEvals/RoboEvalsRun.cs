using System.Globalization;
using System.Text;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Runtime.Serving.RoboEvals;

/// <summary>One evaluation by robo-evals: what is to be done, and the actions that are left of a chunk.</summary>
internal sealed class RoboEvalsRun(ServingContext context, string client, SingleObservations observations) : IDisposable
{
    private readonly ActionQueue _queue = context.Queue();
    private string _words = "";

    /// <summary>One request at a time.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>A new episode.</summary>
    /// <param name="body">With the instruction.</param>
    /// <param name="type">What is answered; empty over HTTP.</param>
    public byte[] Reset(WireMap body, string type = "")
    {
        _queue.Clear();
        _words = body.FindText("instruction") ?? "";
        return type.Length == 0 ? "{}"u8.ToArray() : Encoding.UTF8.GetBytes($"{{\"type\": \"{type}\"}}");
    }

    /// <summary>The next action, as it is answered.</summary>
    /// <exception cref="WireException">The message has no observation, or there is something in it that cannot
    /// be.</exception>
    /// <exception cref="PolicyException">The policy failed, or all places are taken.</exception>
    public Task<byte[]> ActAsync(WireMap body, CancellationToken ends) =>
        context.MeasureAsync(async () =>
        {
            if (_queue.IsEmpty)
                _queue.Fill(await observations.InferAsync(client, Observation(body), ends));
            return Encoding.UTF8.GetBytes(
                $"{{\"action\": [{string.Join(", ", _queue.Next().ToArray().Select(Text))}]}}"
            );
        });

    public void Dispose() => Gate.Dispose();

    /// <summary>What was seen, with the instruction where it has none of its own.</summary>
    private WireMap Observation(WireMap body)
    {
        var seen = body.Below("observation/");
        if (seen.Paths.Count == 0)
            throw new WireException($"the message has no 'observation'; it has {body.Describe()}");
        if (_words.Length > 0 && seen.Find("instruction") is null && seen.Find(ObservationReader.Task) is null)
            seen.Add(ObservationReader.Task, new WireItem.Text(_words));
        return seen;
    }

    private static string Text(float value) => value.ToString("R", CultureInfo.InvariantCulture);
}
