using Vla.Sensors;

namespace Vla.Actors.Instructions;

/// <summary>The instruction in force; outlives restarts of the actor that hands it out.</summary>
/// <remarks>Safe from any thread.</remarks>
public sealed class InstructionBoard(TimeProvider time)
{
    private readonly Lock _lock = new();
    private volatile Instruction? _current;

    /// <summary>The instruction in force; null before the first.</summary>
    public Instruction? Current => _current;

    /// <summary>Puts a checked text in force under the next number.</summary>
    public Instruction Give(string text)
    {
        lock (_lock) return _current = new Instruction((_current?.Number ?? 0) + 1, text, time.NowNs());
    }
}
