namespace Vla.Actors.Policies.Tokenizing;

/// <summary>What a language model's tokenizer makes of instructions, in the sentence that its policy puts them
/// into.</summary>
/// <param name="tokenizer">Of the language model.</param>
/// <param name="prompt">An instruction in its sentence.</param>
/// <param name="limit">Most token ids that the policy reads.</param>
/// <remarks>Such a vocabulary knows every word, or its letters. Safe from any thread.</remarks>
internal sealed class PromptWords(HubTokenizer tokenizer, Func<string, string> prompt, int limit)
{
    /// <summary>The same with the tokenizer in a file.</summary>
    /// <param name="file">The tokenizer's.</param>
    /// <param name="vocabulary">Token ids of the model go from 0 to one less than this.</param>
    /// <param name="prompt">An instruction in its sentence.</param>
    /// <param name="limit">Most token ids that the policy reads.</param>
    /// <exception cref="PolicyException">It is damaged, or another model's.</exception>
    public static PromptWords Read(string file, long vocabulary, Func<string, string> prompt, int limit)
    {
        var tokenizer = HubTokenizer.Read(file);
        return tokenizer.LargestId < vocabulary
            ? new PromptWords(tokenizer, prompt, limit)
            : throw new PolicyException(
                $"{file}: has token ids up to {tokenizer.LargestId}, and the weights have {vocabulary}: it is another "
                    + "model's tokenizer"
            );
    }

    /// <summary>The ids of an instruction in its sentence.</summary>
    public IReadOnlyList<int> Ids(string instruction) => tokenizer.Encode(prompt(instruction));

    /// <inheritdoc cref="IPolicy.ReadWords"/>
    public InstructionWords Read(string instruction)
    {
        var ids = Ids(instruction);
        return new InstructionWords(
            instruction,
            ids,
            InstructionTokenizer.Words(instruction).Count(word => word.Any(char.IsLetterOrDigit)),
            [],
            limit,
            ids.Count <= limit ? instruction.Length : Fitting(instruction)
        );
    }

    // Up to the last word's end with which it still fits.
    private int Fitting(string instruction)
    {
        for (var end = instruction.Length - 1; end > 0; end--)
        {
            if (instruction[end] == ' ' && Ids(instruction[..end]).Count <= limit)
                return end;
        }

        return 0;
    }
}
