using System.Globalization;
using System.Runtime.ExceptionServices;
using Vla.Actors.Policies;

namespace Vla.Runtime.Hosting;

/// <summary>
/// Runs what may never come back, such as code in a policy's files, on a thread of its own, and waits for a bounded
/// time.
/// </summary>
internal static class BoundedWork
{
    /// <summary>For loading a policy, or one pass through it, where no setting says otherwise.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(120);

    /// <summary>From then on it is said that it takes long.</summary>
    public static readonly TimeSpan SaidAfter = TimeSpan.FromSeconds(10);

    /// <param name="what">As it stands in a message: "loading the policy".</param>
    /// <param name="bound">How long it may take.</param>
    /// <param name="work">Everything that belongs to it: Torch's scopes and modes are a thread's.</param>
    /// <exception cref="HangException">It took longer; the message says at what it was.</exception>
    public static T Run<T>(string what, TimeSpan bound, Func<T> work)
    {
        var step = new WorkStep();
        var result = default(T);
        var failure = (ExceptionDispatchInfo?)null;
        var thread = new Thread(() =>
        {
            WorkStep.OfThisThread = step;
            try
            {
                result = work();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        })
        {
            Name = "vla-bounded",
            IsBackground = true,
        };
        thread.Start();
        var soon = bound < SaidAfter ? bound : SaidAfter;
        if (!thread.Join(soon))
        {
            if (soon < bound)
                LastWord.TryWrite($"vla: {what} takes long{At(step)}; it may take {Seconds(bound)}");
            if (!thread.Join(bound - soon))
                throw new HangException($"{what} did not come to an end within {Seconds(bound)}{At(step)}");
        }

        failure?.Throw();
        return result!;
    }

    private static string At(WorkStep step) => step.What is { } what ? $": at {what}" : "";

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");
}
