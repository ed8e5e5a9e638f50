// Files of Moonshine tiny, as the wheel moonshine-voice has them.

export const moonshineFiles = ['encoder_model.ort', 'decoder_model_merged.ort', 'tokenizer.bin'] as const
