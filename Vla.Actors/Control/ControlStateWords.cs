using Vla.Actors.Robots;

namespace Vla.Actors.Control;

/// <summary>The states as messages, status and log spell them.</summary>
internal static class ControlStateWords
{
    public static string Word(this ControlState state) =>
        state switch
        {
            ControlState.Policy => "policy",
            ControlState.Hold => "hold",
            _ => "stop",
        };
}
