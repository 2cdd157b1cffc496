namespace Vla.Actors.Policies.Rt1;

/// <summary>
/// Makes the vector of an instruction that an RT-1 was trained with: that of the Universal Sentence Encoder, mostly.
/// </summary>
/// <remarks>Safe from any thread.</remarks>
public interface ISentenceEncoder
{
    /// <summary>Numbers of a vector.</summary>
    int Size { get; }

    /// <summary>The vector of an instruction; null for one that it has none for.</summary>
    float[]? Encode(string instruction);

    /// <summary>Why it has none for an instruction, and the mend, in one line.</summary>
    string WhyNot(string instruction);
}
